import { contactMailsDe } from './contacts-de.ts';
import { pagesDe } from './pages-de.ts';
import { stepUpDe } from './step-up-de.ts';
import { sessionsDe } from './sessions-de.ts';
import type { en } from './en.ts';

/** Everything we say to customers in German. */
export const de: typeof en = {
  pages: pagesDe,
  textMessage: {
    'sign-in': 'ist Ihr Code für die Anmeldung.',
    enrolment: 'ist Ihr Code, um diese Nummer für die Anmeldung einzurichten.',
    contact: 'ist Ihr Code, um diese Nummer zu bestätigen.',
    secret: 'Geben Sie ihn niemandem, auch uns nicht.',
  },
  mail: {
    ...sessionsDe.mail,
    stepUpCode: stepUpDe.mail,
    credential: {
      subject: 'Ihre Anmeldung wurde geändert',
      greeting: 'Guten Tag,',
      set: {
        PASSWORD: 'das Passwort Ihres Kontos wurde geändert.',
        TOTP: 'für Ihr Konto wurde eine Authenticator-App eingerichtet.',
        SMS: 'für Ihr Konto wurde eine Telefonnummer für Codes eingerichtet.',
        PASSKEY: 'für Ihr Konto wurde ein Passkey eingerichtet.',
        RECOVERY_CODES: 'für Ihr Konto wurden Wiederherstellungscodes eingerichtet.',
        SOCIAL: 'mit Ihrem Konto wurde ein anderes verknüpft, mit dem Sie sich anmelden können.',
        TRUSTED_DEVICE: 'auf einem Gerät, dem Sie vertrauen, fragen wir 30 Tage lang nur nach Ihrem Passwort.',
        OTHER: 'für Ihr Konto wurde etwas eingerichtet, mit dem man sich anmelden kann.',
      },
      removed: {
        PASSWORD: 'das Passwort Ihres Kontos wurde entfernt.',
        TOTP: 'eine Authenticator-App wurde von Ihrem Konto entfernt.',
        SMS: 'eine Telefonnummer für Codes wurde von Ihrem Konto entfernt.',
        PASSKEY: 'ein Passkey wurde von Ihrem Konto entfernt.',
        RECOVERY_CODES: 'die Wiederherstellungscodes Ihres Kontos wurden entfernt.',
        SOCIAL: 'ein verknüpftes Konto wurde entfernt; mit ihm können Sie sich nicht mehr anmelden.',
        TRUSTED_DEVICE: 'ein Gerät steht nicht mehr auf der Liste derer, denen Sie vertrauen.',
        OTHER: 'von Ihrem Konto wurde etwas entfernt, mit dem man sich anmelden konnte.',
      },
      when: 'Das geschah am',
      ifYou: 'Wenn Sie das waren, ist nichts zu tun.',
      ifNotYou:
        'Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort („Passwort vergessen?“ auf der Anmeldeseite) und sagen Sie unserem Support Bescheid.',
      look: 'Ihr Konto ansehen',
    },
    contacts: contactMailsDe,
    knownAddress: {
      subject: 'Sie haben bereits ein Konto',
      greeting: 'Guten Tag,',
      what: 'gerade hat jemand versucht, sich mit dieser Adresse zu registrieren. Sie gehört bereits zu Ihrem Konto, deshalb wurde nichts geändert.',
      ifYou:
        'Wenn Sie das waren, melden Sie sich einfach an. Falls Sie Ihr Passwort nicht mehr kennen, können Sie dort ein neues wählen.',
      signIn: 'Anmelden',
      ifNotYou:
        'Wenn Sie es nicht waren, müssen Sie nichts tun. Wer immer es war, hat nicht erfahren, dass Sie ein Konto haben.',
    },
  },
};
