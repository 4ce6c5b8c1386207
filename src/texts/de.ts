import { contactMailsDe } from './contacts-de.ts';
import { pagesDe } from './pages-de.ts';
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
