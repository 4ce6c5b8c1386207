package com.example.customers.keycloak.sms;

import java.io.IOException;
import java.util.Map;
import org.keycloak.common.util.Time;
import org.keycloak.credential.CredentialModel;
import org.keycloak.util.JsonSerialization;

/** A number that a code was sent to and came back from. It holds no secret: each code is new. */
public final class SmsCredential extends CredentialModel {

  /** What Keycloak, its consoles and its events call it. */
  public static final String TYPE = "sms-otp";

  private static final String NUMBER = "number";
  private static final int SHOWN = 4;

  private final String number;

  private SmsCredential(String number) {
    this.number = number;
    setType(TYPE);
  }

  /**
   * @param number in E.164 form, proven
   */
  static SmsCredential of(String number) {
    SmsCredential made = new SmsCredential(number);
    made.setCreatedDate(Time.currentTimeMillis());
    made.setUserLabel(masked(number));
    made.setSecretData("{}");
    try {
      made.setCredentialData(JsonSerialization.writeValueAsString(Map.of(NUMBER, number)));
    } catch (IOException e) {
      throw new IllegalStateException("a credential could not be written as JSON", e);
    }
    return made;
  }

  static SmsCredential from(CredentialModel stored) {
    SmsCredential read = new SmsCredential(numberIn(stored.getCredentialData()));
    read.setId(stored.getId());
    read.setCreatedDate(stored.getCreatedDate());
    read.setUserLabel(stored.getUserLabel());
    read.setCredentialData(stored.getCredentialData());
    read.setSecretData(stored.getSecretData());
    return read;
  }

  String number() {
    return number;
  }

  /** The last digits, by which she knows her telephone and nobody else learns its number. */
  static String masked(String number) {
    return "••• " + number.substring(Math.max(0, number.length() - SHOWN));
  }

  private static String numberIn(String data) {
    try {
      return JsonSerialization.mapper.readTree(data).path(NUMBER).asText();
    } catch (IOException e) {
      throw new IllegalStateException("a credential could not be read", e);
    }
  }
}
