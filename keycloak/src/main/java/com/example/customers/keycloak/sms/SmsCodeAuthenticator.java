package com.example.customers.keycloak.sms;

import com.example.customers.keycloak.sms.TextMessageDoor.Answer;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.util.Set;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.AuthenticationFlowError;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.CredentialValidator;
import org.keycloak.authentication.authenticators.util.AuthenticatorUtils;
import org.keycloak.events.Errors;
import org.keycloak.forms.login.LoginFormsProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.OTPCredentialModel;
import org.keycloak.models.utils.FormMessage;
import org.keycloak.services.managers.BruteForceProtector;

/**
 * Sends a code to her number and asks for it. Where none can be sent, a sentence and the other
 * ways.
 */
final class SmsCodeAuthenticator
    implements Authenticator, CredentialValidator<SmsCredentialProvider> {

  static final String CODE = "smsCode";
  static final String RESEND = "resend";
  static final String INVALID = "customerSmsCodeInvalid";

  private static final Set<String> COUNTED_AS = Set.of(OTPCredentialModel.TYPE);
  private static final String TEMPLATE = "customer-sms-code.ftl";

  private final SmsDesk desk;

  SmsCodeAuthenticator(SmsDesk desk) {
    this.desk = desk;
  }

  /** Whoever only reloads the page gets no second message. */
  @Override
  public void authenticate(AuthenticationFlowContext context) {
    Answer answer = send(context);
    boolean waits =
        SmsCodes.TOO_SOON.equals(answer.trouble()) && codes(context).waiting().isPresent();
    LoginFormsProvider form = context.form();
    if (!answer.isSent() && !waits) {
      form.setError(answer.trouble());
    }
    context.challenge(page(context, form));
  }

  @Override
  public void action(AuthenticationFlowContext context) {
    MultivaluedMap<String, String> typed = context.getHttpRequest().getDecodedFormParameters();
    if (typed.containsKey(RESEND)) {
      resend(context);
      return;
    }
    String locked =
        AuthenticatorUtils.getDisabledByBruteForceEventError(context, context.getUser());
    if (locked != null) {
      refuse(context, locked, AuthenticationFlowError.INVALID_USER);
    } else if (codes(context).judge(typed.getFirst(CODE)).isPresent()) {
      count(context, true);
      context.success(SmsCredential.TYPE);
    } else {
      count(context, false);
      refuse(context, Errors.INVALID_USER_CREDENTIALS, AuthenticationFlowError.INVALID_CREDENTIALS);
    }
  }

  private void resend(AuthenticationFlowContext context) {
    Answer answer = send(context);
    LoginFormsProvider form = context.form();
    if (!answer.isSent()) {
      form.setError(answer.trouble());
    }
    context.challenge(page(context, form));
  }

  /**
   * Keycloak counts passwords, authenticators and recovery codes, and no type that it does not know
   * (26.7): without this nobody would ever be locked out who guesses codes.
   */
  private static void count(AuthenticationFlowContext context, boolean isRight) {
    if (!context.getRealm().isBruteForceProtected()) {
      return;
    }
    BruteForceProtector protector = context.getProtector();
    if (isRight) {
      protector.successfulLogin(
          context.getRealm(),
          context.getUser(),
          context.getConnection(),
          context.getUriInfo(),
          COUNTED_AS);
    } else {
      protector.failedLogin(
          context.getRealm(),
          context.getUser(),
          context.getConnection(),
          context.getUriInfo(),
          COUNTED_AS);
    }
  }

  /** The same words whether the code was wrong or the account is locked. */
  private static void refuse(
      AuthenticationFlowContext context, String event, AuthenticationFlowError error) {
    context.getEvent().user(context.getUser()).error(event);
    LoginFormsProvider form = context.form().addError(new FormMessage(CODE, INVALID));
    context.failureChallenge(error, page(context, form));
  }

  private Answer send(AuthenticationFlowContext context) {
    UserModel user = context.getUser();
    return SmsDesk.numberOf(user)
        .map(number -> desk.send(context.getSession(), user, CodePurpose.SIGN_IN, number))
        .orElseThrow(() -> new IllegalStateException("a user without a number was asked for one"));
  }

  private SmsCodes codes(AuthenticationFlowContext context) {
    return desk.codes(context.getSession(), context.getUser(), CodePurpose.SIGN_IN);
  }

  private static Response page(AuthenticationFlowContext context, LoginFormsProvider form) {
    String number = SmsDesk.numberOf(context.getUser()).map(SmsCredential::masked).orElse("");
    return form.setExecution(context.getExecution().getId())
        .setAttribute("smsNumber", number)
        .createForm(TEMPLATE);
  }

  @Override
  public SmsCredentialProvider getCredentialProvider(KeycloakSession session) {
    return SmsCredentialProvider.of(session);
  }

  @Override
  public boolean requiresUser() {
    return true;
  }

  @Override
  public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
    return getCredentialProvider(session).isConfiguredFor(realm, user, SmsCredential.TYPE);
  }

  @Override
  public void setRequiredActions(KeycloakSession session, RealmModel realm, UserModel user) {
    user.addRequiredAction(SmsEnrolmentFactory.ID);
  }

  @Override
  public void close() {}
}
