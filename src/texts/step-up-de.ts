import type { stepUpEn } from './step-up-en.ts';

/** What we say in German to whoever proves herself by a code to her address. */
export const stepUpDe: typeof stepUpEn = {
  page: {
    title: 'Bestätigen Sie, dass Sie es sind',
    what: 'Für das, was Sie vorhaben, brauchen wir einen frischen Nachweis. Sie haben weder ein Passwort noch einen zweiten Faktor, deshalb senden wir einen Code an Ihre E-Mail-Adresse.',
    sent: 'Ein Code ist unterwegs zu Ihrer E-Mail-Adresse. Geben Sie ihn innerhalb von zehn Minuten hier ein.',
    sends: 'Der Code geht an die Adresse Ihres Kontos.',
    send: 'Code senden',
    resend: 'Anderen Code senden',
    code: 'Code',
    codeHint: 'Sechs Ziffern, aus der E-Mail.',
    prove: 'Weiter',
    wrong: 'Das ist nicht der Code.',
    over: 'Dieser Code gilt nicht mehr. Lassen Sie sich einen anderen senden.',
    soon: 'Gerade erst wurde ein Code gesendet, oder es waren viele. Bitte warten Sie etwas, bevor Sie einen anderen anfordern.',
    unproven:
      'Für das, was Sie vorhaben, brauchen wir einen frischen Nachweis. Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse, oder legen Sie ein Passwort fest.',
    back: 'Zurück',
  },
  mail: {
    subject: 'Ihr Code',
    before: [
      'Guten Tag,',
      'jemand, der in Ihrem Konto angemeldet ist, möchte etwas ändern, das einen frischen Nachweis braucht.',
    ],
    code: 'Ihr Code',
    after: [
      'Er gilt zehn Minuten und nur für diesen Browser. Geben Sie ihn niemandem, auch uns nicht.',
      'Wenn Sie das nicht waren, benutzen Sie ihn nicht: Beenden Sie Ihre anderen Sitzungen, und sagen Sie unserem Support Bescheid.',
    ],
  },
};
