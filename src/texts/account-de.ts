import type { accountEn } from './account-en.ts';

/** What the page of the account says in German. */
export const accountDe: typeof accountEn = {
  title: 'Ihr Konto',
  what: 'Hier steht alles, was zu Ihrem Konto gehört: wer Sie sind, wie wir Sie erreichen und wie Sie sich anmelden.',
  onThisPage: 'Auf dieser Seite',
  unavailable: 'Das lässt sich zurzeit nicht anzeigen. Bitte laden Sie die Seite in einigen Sekunden noch einmal.',
  said: {
    password: 'Ihr Passwort ist geändert.',
    totp: 'Ihre Authenticator-App ist eingerichtet. Ab jetzt fragen wir bei der Anmeldung nach ihrem Code.',
    sms: 'Ihre Nummer ist eingerichtet. Ab jetzt senden wir bei der Anmeldung einen Code dorthin.',
    passkey: 'Ihr Passkey ist eingerichtet. Sie können sich mit ihm allein anmelden.',
    'recovery-codes':
      'Ihre Wiederherstellungscodes sind eingerichtet. Bewahren Sie sie so auf, dass niemand sonst sie findet.',
    remove: 'Es ist entfernt.',
    link: 'Das Konto ist verknüpft. Sie können sich ab jetzt damit anmelden.',
    other: 'Es ist erledigt.',
    cancelled: 'Sie haben abgebrochen, also ist alles, wie es war.',
    error: 'Das hat nicht geklappt. Es ist alles, wie es war; bitte versuchen Sie es noch einmal.',
  },
  contacts: {
    title: 'Wie wir Sie erreichen',
    email: 'E-Mail-Adresse',
    phone: 'Telefon',
    noPhone: 'keines',
    verified: 'bestätigt',
    unverified: 'noch nicht bestätigt',
    waits: 'Wartet auf Bestätigung:',
    until: 'bis',
    change: 'Adresse oder Nummer ändern',
  },
  signIn: 'Wie Sie sich anmelden',
  password: {
    title: 'Passwort',
    since: 'Zuletzt geändert',
    none: 'Ihr Konto hat kein Passwort.',
    change: 'Passwort ändern',
    set: 'Passwort wählen',
  },
  factors: {
    title: 'Zweite Faktoren und Passkeys',
    what: 'Mit einem zweiten Faktor kommt niemand allein mit dem Passwort in Ihr Konto. Ein Passkey meldet Sie ohne Passwort an.',
    none: 'Sie haben noch keinen.',
    since: 'seit',
    remove: 'Entfernen',
    add: 'Hinzufügen',
    kinds: {
      TOTP: 'Authenticator-App',
      SMS: 'Codes per SMS',
      PASSKEY: 'Passkey',
      RECOVERY_CODES: 'Wiederherstellungscodes',
      OTHER: 'Etwas anderes',
    },
    adds: {
      passkey: 'Passkey einrichten',
      totp: 'Authenticator-App einrichten',
      sms: 'Codes per SMS einrichten',
      'recovery-codes': 'Wiederherstellungscodes erstellen',
    },
    renewCodes: 'Neue Wiederherstellungscodes erstellen',
  },
  devices: {
    title: 'Geräte, denen Sie vertrauen',
    what: 'Dort fragen wir nur nach Ihrem Passwort.',
    device: 'Gerät',
  },
  links: {
    title: 'Verknüpfte Konten',
    what: 'Mit diesen Konten bei anderen Anbietern können Sie sich hier ebenfalls anmelden.',
  },
  noScript: 'Um Sitzungen zu beenden, braucht diese Seite JavaScript.',
};
