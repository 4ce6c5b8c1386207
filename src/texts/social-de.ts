/** What we say of other providers in German. */
export const socialDe = {
  social: { with: 'Anmelden mit' },
  fallback: {
    title: 'Anmelden ist zurzeit nicht möglich',
    what: 'Wenn Sie Ihr Konto mit Auth0 verknüpft haben, können Sie sich solange dort anmelden. Sie sehen und ändern dann Ihr Profil, aber nicht Ihre Adresse, Ihr Passwort oder sonst etwas, das einen zweiten Beweis braucht.',
    go: 'Anmelden mit Auth0',
  },
};
