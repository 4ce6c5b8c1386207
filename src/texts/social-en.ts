/** What we say of other providers in English. */
export const socialEn = {
  social: { with: 'Sign in with' },
  fallback: {
    title: 'Signing in is not possible at the moment',
    what: 'If you have linked your account with Auth0, you can sign in there meanwhile. You see and change your profile then, but not your address, your password or anything else that needs a second proof.',
    go: 'Sign in with Auth0',
  },
};
