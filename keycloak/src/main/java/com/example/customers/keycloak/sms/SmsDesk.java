package com.example.customers.keycloak.sms;

import com.example.customers.keycloak.service.ServiceAddress;
import com.example.customers.keycloak.sms.SmsCodes.Asked;
import com.example.customers.keycloak.sms.TextMessageDoor.Answer;
import java.util.Optional;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;

/** Codes for the user of a request: what page, action and direct grant share. */
final class SmsDesk {

  private final TextMessageDoor door;
  private final String key;

  private SmsDesk(TextMessageDoor door, String key) {
    this.door = door;
    this.key = key;
  }

  /** By the options of the listener, wherever it is needed. */
  static SmsDesk configured() {
    return new SmsDesk(TextMessageDoor.configured(), ServiceAddress.configured().key());
  }

  /** The codes of one purpose for one user. */
  SmsCodes codes(KeycloakSession session, UserModel user, CodePurpose purpose) {
    RealmModel realm = session.getContext().getRealm();
    String owner = realm.getId() + "." + user.getId();
    return new SmsCodes(session.singleUseObjects(), door, key, purpose, owner);
  }

  Answer send(KeycloakSession session, UserModel user, CodePurpose purpose, String number) {
    String locale = session.getContext().resolveLocale(user).toLanguageTag();
    String ip = session.getContext().getConnection().getRemoteAddr();
    Asked asked = new Asked(purpose, number, locale, ip, user.getId());
    return codes(session, user, purpose).send(asked);
  }

  /** Her number; empty when she has none set up. */
  static Optional<String> numberOf(UserModel user) {
    return user.credentialManager()
        .getStoredCredentialsByTypeStream(SmsCredential.TYPE)
        .findFirst()
        .map(stored -> SmsCredential.from(stored).number());
  }
}
