import type { Hono } from 'hono';
import type { ErrorCode } from '../domain/errors.ts';
import { actingRoutes } from '../features/acting/acting.rest.ts';
import { authenticationPages } from '../features/authentication/authentication.pages.ts';
import { authenticationRoutes } from '../features/authentication/authentication.rest.ts';
import { credentialPages, credentialSection } from '../features/authentication/credentials.pages.ts';
import { sessionPages, sessionSection, takeoverLink } from '../features/authentication/sessions.pages.ts';
import { contactProofPage, contactRevertPage, contactSection } from '../features/contacts/contacts.pages.ts';
import { stepUpPages } from '../features/authentication/step-up.pages.ts';
import { contactPages } from '../features/contacts/contact-form.pages.ts';
import { linkPages } from '../features/links/links.pages.ts';
import { accountPages } from '../features/profile/profile.pages.ts';
import { registrationPages } from '../features/registration/registration.pages.ts';
import { registrationRoutes } from '../features/registration/registration.rest.ts';
import { onlyWhatActingMay } from '../http/acting.ts';
import { answerErrors, answerNotFound } from '../http/failure.ts';
import { assetRoutes } from '../http/page.ts';
import { fromOwnPages, type RouteEnv, routes } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';

/**
 * Every door of ours that is neither GraphQL nor on the admin listener. Call it as `fetch(request, { ctx })`.
 *
 * @param statusOf  from an error's code to its HTTP status
 */
export function createRoutes(config: Config, clock: Clock, statusOf: (code: ErrorCode) => number): Hono<RouteEnv> {
  const app = routes().use(fromOwnPages).use(onlyWhatActingMay);
  const doors = [
    assetRoutes(),
    authenticationRoutes(config, clock),
    actingRoutes(),
    registrationRoutes(),
    authenticationPages(),
    registrationPages(),
    accountPages([contactSection, credentialSection, sessionSection]),
    credentialPages(),
    sessionPages(),
    stepUpPages(),
    contactPages(),
    linkPages({ TAKEOVER_REPORT: takeoverLink, CONTACT_PROOF: contactProofPage, CONTACT_REVERT: contactRevertPage }),
  ];
  for (const door of doors) app.route('/', door);
  app.onError(answerErrors(statusOf));
  app.notFound(answerNotFound);
  return app;
}
