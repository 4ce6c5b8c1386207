package com.example.customers.keycloak.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class AddressMaskTest {

  @Test
  void addressesDoNotReachTheLog() {
    assertEquals(
        "Could not update password for user [address]. Reason: minimum",
        AddressMask.masked(
            "Could not update password for user ada+x@shop.example. Reason: minimum"));
    assertEquals(
        "550 <[address]>, <[address]>",
        AddressMask.masked("550 <ä.b@bücher.example>, <o'c@x.y.z>"));
  }

  @Test
  void oddAddressesDoNotEither() {
    assertEquals("to <[address]>.", AddressMask.masked("to <\"a b\"@shop.example>."));
    assertEquals("to [address] now", AddressMask.masked("to ada@[192.0.2.1] now"));
    assertEquals("[address]", AddressMask.masked("a\u0308.b@shop.example"));
  }

  @Test
  void everythingElseStays() {
    String line = "at Foo.bar(Foo.java:1) realm=customer 12:00 @ noon";
    assertEquals(line, AddressMask.masked(line));
    assertEquals("x".repeat(100_000) + "@", AddressMask.masked("x".repeat(100_000) + "@"));
  }
}
