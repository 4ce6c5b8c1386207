package com.example.customers.keycloak.token;

import java.util.List;
import org.keycloak.models.ClientSessionContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.ProtocolMapperModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.protocol.oidc.mappers.AbstractOIDCProtocolMapper;
import org.keycloak.protocol.oidc.mappers.OIDCAccessTokenMapper;
import org.keycloak.protocol.oidc.mappers.OIDCIDTokenMapper;
import org.keycloak.protocol.oidc.mappers.TokenIntrospectionTokenMapper;
import org.keycloak.provider.ProviderConfigProperty;
import org.keycloak.provider.ProviderConfigurationBuilder;
import org.keycloak.representations.IDToken;
import org.keycloak.services.managers.AuthenticationManager;

/**
 * The claim {@code auth_time}, also after a direct grant, where Keycloak leaves it out. A direct
 * grant always begins a session, so its time is the start of that session; a refresh keeps it.
 * Service accounts prove no person and get none.
 */
public final class SignInTimeMapper extends AbstractOIDCProtocolMapper
    implements OIDCAccessTokenMapper, OIDCIDTokenMapper, TokenIntrospectionTokenMapper {

  /** What a client scope's mapper calls it. */
  public static final String ID = "customer-sign-in-time";

  private final List<ProviderConfigProperty> options =
      ProviderConfigurationBuilder.create().build();

  @Override
  protected void setClaim(
      IDToken token,
      ProtocolMapperModel mapper,
      UserSessionModel session,
      KeycloakSession keycloak,
      ClientSessionContext context) {
    if (session.getUser().getServiceAccountClientLink() != null) {
      return;
    }
    String proven = session.getNote(AuthenticationManager.AUTH_TIME);
    token.setAuth_time(proven == null ? session.getStarted() : Long.parseLong(proven));
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public String getDisplayType() {
    return "Time of sign-in";
  }

  @Override
  public String getDisplayCategory() {
    return TOKEN_MAPPER_CATEGORY;
  }

  @Override
  public String getHelpText() {
    return "auth_time, also after a direct grant";
  }

  @Override
  public List<ProviderConfigProperty> getConfigProperties() {
    return options;
  }
}
