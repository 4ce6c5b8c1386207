package com.example.customers.keycloak.phone;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;

/**
 * A telephone number as a name for signing in. Only a proven one counts: both attributes are
 * admins' alone, and the customer service sets them. Where two users have it, it is nobody's until
 * the service has taken it from one.
 */
final class PhoneName {

  /** Of the realm: the calling code of a number without one, such as {@code 49}. */
  static final String CALLING_CODE = "customer.phone.calling-code";

  private static final String NUMBER = "phoneNumber";
  private static final String PROVEN = "phoneNumberVerified";

  private static final Pattern SEPARATORS = Pattern.compile("[\\s\\u00a0().\\-/]");
  private static final Pattern E164 = Pattern.compile("\\+[1-9][0-9]{6,14}");

  /** In an international number the digit of the domestic one is often kept, in parentheses. */
  private static final Pattern TRUNK_KEPT = Pattern.compile("(?<=^\\+[0-9 ]{1,6})\\(0\\)");

  private PhoneName() {}

  /**
   * The number in E.164 form; empty for whatever is none, and so for every address. A number that
   * is read wrongly is only found for nobody.
   *
   * @param callingCode of numbers without one; null where there is none
   */
  static Optional<String> read(String typed, String callingCode) {
    if (typed == null || typed.length() > 64 || typed.indexOf('@') >= 0) {
      return Optional.empty();
    }
    String kept = TRUNK_KEPT.matcher(typed.trim()).replaceFirst("");
    String digits = SEPARATORS.matcher(kept).replaceAll("");
    String number = digits;
    if (digits.startsWith("00")) {
      number = "+" + digits.substring(2);
    } else if (digits.startsWith("0") && callingCode != null) {
      number = "+" + callingCode + digits.substring(1);
    }
    return Optional.of(number).filter(E164.asMatchPredicate());
  }

  /** Whose name it is; empty when it is nobody's, unproven, or of two. */
  static Optional<UserModel> userOf(KeycloakSession session, RealmModel realm, String typed) {
    return read(typed, realm.getAttribute(CALLING_CODE)).flatMap(n -> holder(session, realm, n));
  }

  private static Optional<UserModel> holder(
      KeycloakSession session, RealmModel realm, String number) {
    List<UserModel> holders =
        session
            .users()
            .searchForUserByUserAttributeStream(realm, NUMBER, number)
            .filter(user -> "true".equals(user.getFirstAttribute(PROVEN)))
            .limit(2)
            .toList();
    return holders.size() == 1 ? Optional.of(holders.get(0)) : Optional.empty();
  }
}
