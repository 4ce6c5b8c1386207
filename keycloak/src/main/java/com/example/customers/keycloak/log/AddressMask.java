package com.example.customers.keycloak.log;

import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.regex.Pattern;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.Logger;

/**
 * Keeps e-mail addresses out of Keycloak's log, where user names are addresses: Keycloak names the
 * user when a password is refused, and the mail server repeats the address that it refuses.
 */
public final class AddressMask extends ExtFormatter.Delegating {

  private static final String MASK = "[address]";
  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?:\"[^\"\\n]*+\"|[\\p{L}\\p{M}\\p{N}.!#$%&'*+/=?^_`{|}~-]++)@"
              + "(?:\\[[^\\]\\s]*+\\]|[\\p{L}\\p{M}\\p{N}]++(?:[.-]++[\\p{L}\\p{M}\\p{N}]++)*+)");

  private AddressMask(ExtFormatter formatter) {
    super(formatter);
  }

  /** Masks whatever is logged from now on, by every handler there is. */
  public static void install() {
    install(Logger.getLogger("").getHandlers());
  }

  @Override
  public String format(ExtLogRecord entry) {
    return masked(super.format(entry));
  }

  static String masked(String line) {
    return line.indexOf('@') < 0 ? line : ADDRESS.matcher(line).replaceAll(MASK);
  }

  private static void install(Handler[] handlers) {
    for (Handler handler : handlers) {
      if (handler instanceof ExtHandler parent) {
        install(parent.getHandlers());
      }
      Formatter formatter = handler.getFormatter();
      if (formatter != null && !(formatter instanceof AddressMask)) {
        handler.setFormatter(new AddressMask(ExtFormatter.wrap(formatter, true)));
      }
    }
  }
}
