package com.example.customers.keycloak.sms;

import org.keycloak.Config;
import org.keycloak.authentication.RequiredActionFactory;
import org.keycloak.authentication.RequiredActionProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;

/** The action {@code configure-sms-otp}, by {@code kc_action} and from the account console. */
public final class SmsEnrolmentFactory implements RequiredActionFactory {

  /** What realm and consoles call it. */
  public static final String ID = "configure-sms-otp";

  private SmsEnrolment action;

  @Override
  public RequiredActionProvider create(KeycloakSession session) {
    return action;
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public String getDisplayText() {
    return "Set up codes by text message";
  }

  @Override
  public void init(Config.Scope config) {
    action = new SmsEnrolment(SmsDesk.configured());
  }

  @Override
  public void postInit(KeycloakSessionFactory factory) {}

  @Override
  public void close() {}
}
