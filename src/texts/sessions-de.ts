import type { sessionsEn } from './sessions-en.ts';

/** What we say of sessions in German, on pages and in mails. */
export const sessionsDe: typeof sessionsEn = {
  pages: {
    sessions: {
      title: 'Wo Sie angemeldet sind',
      what: 'Jeder Eintrag ist ein Browser, der an Ihrem Konto angemeldet ist. Beenden Sie, was nicht Ihres ist oder was Sie nicht mehr brauchen.',
      current: 'dieser hier',
      unknown: 'Unbekanntes Gerät',
      country: 'Land',
      unknownCountry: 'unbekannt',
      started: 'Angemeldet',
      seen: 'Zuletzt gesehen',
      end: 'Diese Sitzung beenden',
      endOthers: 'Alle anderen beenden',
      alone: 'Sie sind sonst nirgends angemeldet.',
    },
    takeover: {
      title: 'Waren Sie das nicht?',
      what: 'Wenn sich jemand anderes an Ihrem Konto angemeldet hat, drücken Sie den Knopf.',
      effect:
        'Alle Sitzungen enden sofort, auch Ihre eigene, und Ihr Konto verlangt ein neues Passwort, das Sie über eine Nachricht an Ihre Adresse wählen.',
      button: 'Das war ich nicht',
      doneTitle: 'Alle Sitzungen sind beendet',
      done: 'Niemand ist mehr an Ihrem Konto angemeldet.',
      next: 'Wählen Sie jetzt ein neues Passwort: Wir senden einen Link an Ihre Adresse.',
      reset: 'Neues Passwort wählen',
    },
  },
  mail: {
    signIn: { when: 'Wann', device: 'Browser und System', country: 'Land', unknown: 'unbekannt' },
    newDevice: {
      subject: 'Neue Anmeldung an Ihrem Konto',
      greeting: 'Guten Tag,',
      what: 'gerade hat sich jemand mit einem Gerät an Ihrem Konto angemeldet, das wir noch nicht kennen.',
      notMe: 'Das war ich nicht',
      ifYou: 'Wenn Sie das waren, müssen Sie nichts tun.',
      ifNot:
        'Wenn Sie es nicht waren, öffnen Sie den Link: Er führt zu einer Seite, deren Knopf alle Sitzungen beendet und ein neues Passwort verlangt. Der Link gilt 7 Tage.',
    },
    stolenSession: {
      subject: 'Wir haben eine Ihrer Sitzungen beendet',
      greeting: 'Guten Tag,',
      what: 'jemand hat eine Kopie einer Ihrer Sitzungen benutzt, deshalb haben wir sie beendet. So hatte sie begonnen:',
      notMe: 'Das war ich nicht',
      ifYou: 'Wenn Sie Ihren Browser wiederhergestellt oder kopiert haben, melden Sie sich einfach wieder an.',
      ifNot:
        'Wenn Sie davon nichts wissen, öffnen Sie den Link: Er führt zu einer Seite, deren Knopf alle Sitzungen beendet und ein neues Passwort verlangt. Der Link gilt 7 Tage.',
    },
    takeover: {
      subject: 'Ihr Konto ist vor anderen geschützt',
      greeting: 'Guten Tag,',
      what: 'Sie haben uns gesagt, dass eine Anmeldung nicht von Ihnen war. Wir haben alle Sitzungen Ihres Kontos beendet, und es verlangt jetzt ein neues Passwort.',
      reset: 'Neues Passwort wählen',
      after: 'Bitte sehen Sie danach Ihr Profil an: Ist die Adresse noch Ihre, und kennen Sie jeden zweiten Faktor?',
    },
  },
};
