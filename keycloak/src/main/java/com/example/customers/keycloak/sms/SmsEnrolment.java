package com.example.customers.keycloak.sms;

import com.example.customers.keycloak.sms.TextMessageDoor.Answer;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.Optional;
import org.keycloak.authentication.CredentialRegistrator;
import org.keycloak.authentication.InitiatedActionSupport;
import org.keycloak.authentication.RequiredActionContext;
import org.keycloak.authentication.RequiredActionProvider;
import org.keycloak.events.Details;
import org.keycloak.events.Errors;
import org.keycloak.events.EventType;
import org.keycloak.forms.login.LoginFormsProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.utils.FormMessage;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * Asks for a number, sends a code to it, and takes it as a second factor once the code came back.
 * What counts is the number that the code was sent to, whatever a form says.
 */
final class SmsEnrolment implements RequiredActionProvider, CredentialRegistrator {

  static final String NUMBER = "smsNumber";

  private static final String TEMPLATE = "customer-sms-enrol.ftl";

  /** Where the code was sent, kept with this visit so that it can be sent again. */
  private static final String ASKED = "customer-sms-number";

  private static final String UNPROVEN_ADDRESS = "email_not_verified";

  private final SmsDesk desk;

  SmsEnrolment(SmsDesk desk) {
    this.desk = desk;
  }

  @Override
  public InitiatedActionSupport initiatedActionSupport() {
    return InitiatedActionSupport.SUPPORTED;
  }

  @Override
  public void evaluateTriggers(RequiredActionContext context) {}

  /** Nobody sets up a factor before the address of the account is proven (decision 9). */
  @Override
  public void requiredActionChallenge(RequiredActionContext context) {
    if (!context.getUser().isEmailVerified()) {
      context.failure(UNPROVEN_ADDRESS);
      return;
    }
    askForNumber(context, context.form(), "");
  }

  @Override
  public void processAction(RequiredActionContext context) {
    MultivaluedMap<String, String> typed = context.getHttpRequest().getDecodedFormParameters();
    AuthenticationSessionModel visit = context.getAuthenticationSession();
    if (!context.getUser().isEmailVerified()) {
      context.failure(UNPROVEN_ADDRESS);
    } else if (typed.containsKey("change")) {
      visit.removeAuthNote(ASKED);
      askForNumber(context, context.form(), "");
    } else if (typed.containsKey(NUMBER)) {
      String number = typed.getFirst(NUMBER).trim();
      send(context, number, number);
    } else if (typed.containsKey(SmsCodeAuthenticator.RESEND) && visit.getAuthNote(ASKED) != null) {
      send(context, visit.getAuthNote(ASKED), null);
    } else {
      prove(context, typed.getFirst(SmsCodeAuthenticator.CODE));
    }
  }

  /**
   * @param typed what to show again when the number cannot be taken; null when it was taken before
   */
  private void send(RequiredActionContext context, String number, String typed) {
    Answer answer =
        desk.send(context.getSession(), context.getUser(), CodePurpose.ENROLMENT, number);
    LoginFormsProvider form = context.form();
    if (answer.isSent()) {
      context.getAuthenticationSession().setAuthNote(ASKED, answer.number());
      askForCode(context, form);
    } else if (typed == null) {
      askForCode(context, form.setError(answer.trouble()));
    } else {
      askForNumber(context, form.addError(new FormMessage(NUMBER, answer.trouble())), typed);
    }
  }

  private void prove(RequiredActionContext context, String code) {
    Optional<String> number =
        desk.codes(context.getSession(), context.getUser(), CodePurpose.ENROLMENT).judge(code);
    if (number.isEmpty()) {
      context
          .getEvent()
          .clone()
          .event(EventType.UPDATE_CREDENTIAL_ERROR)
          .detail(Details.CREDENTIAL_TYPE, SmsCredential.TYPE)
          .error(Errors.INVALID_USER_CREDENTIALS);
      FormMessage wrong = new FormMessage(SmsCodeAuthenticator.CODE, SmsCodeAuthenticator.INVALID);
      askForCode(context, context.form().addError(wrong));
      return;
    }
    SmsCredentialProvider.of(context.getSession())
        .replace(context.getUser(), SmsCredential.of(number.get()));
    context
        .getEvent()
        .event(EventType.UPDATE_CREDENTIAL)
        .detail(Details.CREDENTIAL_TYPE, SmsCredential.TYPE);
    context.success();
  }

  private static void askForNumber(
      RequiredActionContext context, LoginFormsProvider form, String typed) {
    context.challenge(form.setAttribute("smsTyped", typed).createForm(TEMPLATE));
  }

  private static void askForCode(RequiredActionContext context, LoginFormsProvider form) {
    String number = context.getAuthenticationSession().getAuthNote(ASKED);
    String shown = number == null ? "" : SmsCredential.masked(number);
    context.challenge(form.setAttribute("smsSentTo", shown).createForm(TEMPLATE));
  }

  @Override
  public String getCredentialType(KeycloakSession session, AuthenticationSessionModel visit) {
    return SmsCredential.TYPE;
  }

  @Override
  public void close() {}
}
