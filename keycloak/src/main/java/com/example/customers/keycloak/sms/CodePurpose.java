package com.example.customers.keycloak.sms;

/** What a code is for. One for another purpose is as wrong as a guess. */
enum CodePurpose {
  SIGN_IN("sign-in"),
  ENROLMENT("enrolment");

  private final String word;

  CodePurpose(String word) {
    this.word = word;
  }

  /** As the customer service and the store of codes call it. */
  String word() {
    return word;
  }
}
