package com.example.customers.keycloak.phone;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class PhoneNameTest {

  private static final Optional<String> NUMBER = Optional.of("+4915112345678");

  @Test
  @DisplayName("a number is read however people write it")
  void isReadHoweverItIsWritten() {
    for (String typed :
        new String[] {
          "+4915112345678",
          " +49 151 12345678 ",
          "+49 (0)151 / 123-456.78",
          "004915112345678",
          "0151 12345678",
          "0151\u00a012345678",
        }) {
      assertEquals(NUMBER, PhoneName.read(typed, "49"), typed);
    }
  }

  @Test
  @DisplayName("whatever is no number is none, so that it stays a name of Keycloak's")
  void whateverIsNoNumberIsNone() {
    for (String typed :
        new String[] {
          "",
          "anna@shop.example",
          "+49151@shop.example",
          "15112345678",
          "+0151123456",
          "+49151",
          "+49151123456789012",
          "0151 1234x678",
          "+4915112345678*",
        }) {
      assertEquals(Optional.empty(), PhoneName.read(typed, "49"), typed);
    }
    assertEquals(Optional.empty(), PhoneName.read(null, "49"));
  }

  @Test
  @DisplayName("without a calling code of the realm only international numbers are read")
  void withoutCallingCode() {
    Map.of("0151 12345678", Optional.<String>empty(), "+49 151 12345678", NUMBER)
        .forEach((typed, wanted) -> assertEquals(wanted, PhoneName.read(typed, null), typed));
  }
}
