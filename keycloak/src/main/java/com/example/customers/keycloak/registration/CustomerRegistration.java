package com.example.customers.keycloak.registration;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.MultivaluedHashMap;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.List;
import java.util.UUID;
import org.keycloak.authentication.FormAction;
import org.keycloak.authentication.FormContext;
import org.keycloak.authentication.ValidationContext;
import org.keycloak.authentication.forms.RegistrationPage;
import org.keycloak.events.Errors;
import org.keycloak.forms.login.LoginFormsProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.utils.FormMessage;
import org.keycloak.models.utils.KeycloakModelUtils;
import org.keycloak.services.messages.Messages;
import org.keycloak.services.validation.Validation;
import org.keycloak.userprofile.Attributes;
import org.keycloak.userprofile.UserProfile;
import org.keycloak.userprofile.UserProfileContext;
import org.keycloak.userprofile.UserProfileProvider;
import org.keycloak.userprofile.ValidationException;

/**
 * What the registration page does with a form: nothing here, it hands it to the customer service,
 * which treats it like a form of its own page. Whether the address is known changes nothing of what
 * the page says.
 *
 * <p>The form is sent while it is being validated, since only then can a refusal be shown beside
 * it; so this must be the last action of the page.
 */
final class CustomerRegistration implements FormAction {

  private static final String SENT_TITLE = "customerRegistrationSentTitle";
  private static final String SENT = "customerRegistrationSent";
  private static final String REFUSED_BY_SERVICE = "refused_by_customer_service";

  /** What a stranger must not learn. The customer service finds out by itself. */
  private static final List<String> KNOWN =
      List.of(Messages.EMAIL_EXISTS, Messages.USERNAME_EXISTS);

  private final RegistrationDoor door;

  CustomerRegistration(RegistrationDoor door) {
    this.door = door;
  }

  private record Checked(RegistrationForm form, List<FormMessage> errors) {}

  @Override
  public void validate(ValidationContext context) {
    MultivaluedMap<String, String> typed = context.getHttpRequest().getDecodedFormParameters();
    Checked checked = check(context, typed);
    if (!checked.errors().isEmpty()) {
      refuse(context, typed, Errors.INVALID_REGISTRATION, checked.errors());
      return;
    }
    List<FormMessage> refusals = door.send(checked.form());
    if (refusals.isEmpty()) {
      context.success();
    } else {
      refuse(context, typed, REFUSED_BY_SERVICE, refusals);
    }
  }

  /** Ends with a page of its own: without a user the flow has nobody to go on with. */
  @Override
  public void success(FormContext context) {
    String email = typedEmail(context.getHttpRequest().getDecodedFormParameters());
    throw new WebApplicationException(
        context
            .getSession()
            .getProvider(LoginFormsProvider.class)
            .setAuthenticationSession(context.getAuthenticationSession())
            .setAttribute("messageHeader", SENT_TITLE)
            .setInfo(SENT, email)
            .createInfoPage());
  }

  /**
   * In a transaction of its own, which ends before the form is sent: a page that waits for the
   * service must hold no connection of the database, which the service needs to make the user.
   */
  private static Checked check(ValidationContext context, MultivaluedMap<String, String> typed) {
    KeycloakSession outer = context.getSession();
    String ip = context.getConnection().getRemoteAddr();
    String locale = outer.getContext().resolveLocale(null).toLanguageTag();
    return KeycloakModelUtils.runJobInTransactionWithResult(
        outer.getKeycloakSessionFactory(),
        outer.getContext(),
        session -> {
          UserProfile profile =
              session
                  .getProvider(UserProfileProvider.class)
                  .create(UserProfileContext.REGISTRATION, withoutPasswords(typed));
          Attributes values = profile.getAttributes();
          RegistrationForm form =
              new RegistrationForm(
                  UUID.randomUUID().toString(),
                  typedEmail(typed),
                  asked(values, UserModel.FIRST_NAME),
                  asked(values, UserModel.LAST_NAME),
                  locale,
                  ip);
          return new Checked(form, errors(profile));
        },
        "customer registration");
  }

  /** Only what the page lets people fill in: the profile holds what was posted besides, too. */
  private static String asked(Attributes values, String name) {
    return values.isReadOnly(name) ? null : values.getFirst(name);
  }

  private static List<FormMessage> errors(UserProfile profile) {
    try {
      profile.validate();
      return List.of();
    } catch (ValidationException e) {
      return Validation.getFormErrorsFromValidation(
          e.getErrors().stream().filter(error -> !KNOWN.contains(error.getMessage())).toList());
    }
  }

  private static void refuse(
      ValidationContext context,
      MultivaluedMap<String, String> typed,
      String event,
      List<FormMessage> errors) {
    context.error(event);
    context.validationError(typed, errors);
  }

  /** As typed, for Keycloak's profile puts it into lower case; we keep what people type. */
  private static String typedEmail(MultivaluedMap<String, String> typed) {
    String email = typed.getFirst(RegistrationPage.FIELD_EMAIL);
    return email == null ? "" : email.trim();
  }

  private static MultivaluedMap<String, String> withoutPasswords(
      MultivaluedMap<String, String> typed) {
    MultivaluedMap<String, String> copy = new MultivaluedHashMap<>(typed);
    copy.remove(RegistrationPage.FIELD_PASSWORD);
    copy.remove(RegistrationPage.FIELD_PASSWORD_CONFIRM);
    return copy;
  }

  /** The page as Keycloak makes it: without passwords, for they come after the mail's link. */
  @Override
  public void buildPage(FormContext context, LoginFormsProvider form) {}

  @Override
  public boolean requiresUser() {
    return false;
  }

  @Override
  public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
    return true;
  }

  @Override
  public void setRequiredActions(KeycloakSession session, RealmModel realm, UserModel user) {}

  @Override
  public void close() {}
}
