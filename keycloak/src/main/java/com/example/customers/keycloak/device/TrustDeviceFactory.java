package com.example.customers.keycloak.device;

import com.example.customers.keycloak.flow.StepFactory;

/** The step {@code customer-trust-device}, after the second factor. */
public final class TrustDeviceFactory extends StepFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-trust-device";

  /** Made by Keycloak. */
  public TrustDeviceFactory() {
    super(
        ID,
        "Customer trusted device",
        "Must follow the second factor. Trusts the browser for 30 days if its form says so.",
        TrustDevice::new);
  }

  /** The type of the credential: by it the account console lists devices. */
  @Override
  public String getReferenceCategory() {
    return TrustedDevice.TYPE;
  }
}
