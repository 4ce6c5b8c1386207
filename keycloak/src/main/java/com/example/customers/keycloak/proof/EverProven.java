package com.example.customers.keycloak.proof;

import java.util.EnumSet;
import java.util.Set;
import org.keycloak.events.EventType;
import org.keycloak.models.UserModel;

/**
 * Whether any address of an account was ever proven. Keycloak only knows of the one of the moment,
 * and that is unproven too when somebody of the staff has just typed it.
 */
public final class EverProven {

  private static final String MARK = "everProven";

  /** When an account is looked at: at each sign-in, and whenever something of it was proven. */
  private static final Set<EventType> LOOKED_AT =
      EnumSet.of(
          EventType.LOGIN,
          EventType.VERIFY_EMAIL,
          EventType.UPDATE_EMAIL,
          EventType.UPDATE_CREDENTIAL);

  private EverProven() {}

  /** Whether {@link #note} has something to look at after this. */
  public static boolean concerns(EventType type) {
    return LOOKED_AT.contains(type);
  }

  /** Marks an account whose address is proven, once. */
  public static void note(UserModel user) {
    if (user != null && user.isEmailVerified() && user.getFirstAttribute(MARK) == null) {
      user.setSingleAttribute(MARK, "true");
    }
  }

  static boolean isSo(UserModel user) {
    return user.isEmailVerified() || user.getFirstAttribute(MARK) != null;
  }
}
