import type { contactMailsEn, contactPagesEn } from './contacts-en.ts';

/** What mails about contacts say in German. */
export const contactMailsDe: typeof contactMailsEn = {
  proof: {
    subject: 'Bitte bestätigen Sie Ihre neue Adresse',
    before: [
      'Guten Tag,',
      'jemand möchte von unserem Shop unter dieser Adresse erreicht werden und sich mit ihr anmelden.',
    ],
    button: 'Adresse bestätigen',
    after: [
      'Der Link gilt 48 Stunden. Bis dahin ändert sich nichts.',
      'Wenn Sie das nicht waren, müssen Sie nichts tun: Ohne Bestätigung wird die Adresse nicht verwendet.',
    ],
  },
  requested: {
    subject: 'Eine Änderung Ihrer Kontaktdaten wurde gewünscht',
    before: [
      'Guten Tag,',
      'jemand, der in Ihrem Konto angemeldet ist, möchte künftig anders erreicht werden. Bis die neuen Kontaktdaten bestätigt sind, gelten diese weiter.',
      'Wenn Sie das waren, müssen Sie nichts tun.',
    ],
    button: 'Das war ich nicht',
    after: [
      'Der Link hält die Änderung auf, meldet alle ab und sperrt das Konto. Es öffnet sich dann nur mit einem Passwort oder einem zweiten Faktor von vorher.',
    ],
  },
  changed: {
    subject: 'Ihre Kontaktdaten wurden geändert',
    before: [
      'Guten Tag,',
      'Ihr Konto wird jetzt anders erreicht: Diese Kontaktdaten gehören nicht mehr dazu.',
      'Wenn Sie das waren, müssen Sie nichts tun.',
    ],
    button: 'Das war ich nicht',
    after: [
      'Der Link gilt 72 Stunden, was auch immer inzwischen geändert wird. Er stellt diese Kontaktdaten wieder her, meldet alle ab, entfernt, was seither eingerichtet wurde, und sperrt das Konto. Es öffnet sich dann nur mit einem Passwort oder einem zweiten Faktor von vorher.',
    ],
  },
  phoneChanged: {
    subject: 'Ihre Telefonnummer wurde geändert',
    before: [
      'Guten Tag,',
      'Ihr Konto hat jetzt eine andere Telefonnummer oder keine mehr.',
      'Wenn Sie das waren, müssen Sie nichts tun.',
    ],
    button: 'Das war ich nicht',
    after: [
      'Der Link gilt 72 Stunden, was auch immer inzwischen geändert wird. Er stellt die bisherige Nummer wieder her, meldet alle ab, entfernt, was seither eingerichtet wurde, und sperrt das Konto. Es öffnet sich dann nur mit einem Passwort oder einem zweiten Faktor von vorher.',
    ],
  },
  phoneLost: {
    subject: 'Ihre Telefonnummer wird nicht mehr verwendet',
    before: [
      'Guten Tag,',
      'jemand anderes hat nachgewiesen, dass Ihre Telefonnummer jetzt ihm gehört. Das kommt vor, wenn eine Nummer neu vergeben wird. Sie gehört nicht mehr zu Ihrem Konto und öffnet es auch nicht mehr.',
    ],
    button: 'Anmelden',
    after: [
      'Wenn die Nummer noch Ihre ist, melden Sie sich an, bestätigen Sie sie noch einmal, und fragen Sie Ihren Anbieter, wer sie sonst hat.',
    ],
  },
  taken: {
    subject: 'Jemand wollte Ihre Kontaktdaten verwenden',
    before: [
      'Guten Tag,',
      'gerade wollte jemand diese Kontaktdaten für ein anderes Konto verwenden. Sie gehören zu Ihrem, deshalb wurde nichts geändert.',
    ],
    button: 'Anmelden',
    after: [
      'Wenn Sie es nicht waren, müssen Sie nichts tun. Wer immer es war, hat nicht erfahren, dass Sie ein Konto haben.',
    ],
  },
};

/** What the pages behind these links say in German. */
export const contactPagesDe: typeof contactPagesEn = {
  proof: {
    title: 'Neue Adresse bestätigen',
    paragraphs: [
      'Danach erreichen wir Sie unter dieser Adresse, und Sie melden sich mit ihr an.',
      'Bestätigen Sie nur, wenn Sie die Änderung selbst gewünscht haben.',
    ],
    button: 'Adresse bestätigen',
    doneTitle: 'Die Adresse ist bestätigt',
    done: ['Sie gilt in wenigen Augenblicken. Ihre bisherige Adresse wurde benachrichtigt.'],
    next: 'Zu Ihrem Profil',
  },
  revert: {
    title: 'Das war ich nicht',
    paragraphs: [
      'Das macht die Änderung und alles danach rückgängig. Alle werden abgemeldet, und was seither eingerichtet wurde, wird entfernt.',
      'Das Konto öffnet sich dann nur mit einem Passwort oder einem zweiten Faktor von vor der Änderung. Wenn Sie beides nicht haben, hilft Ihnen unser Team.',
    ],
    button: 'Rückgängig machen und Konto sperren',
    doneTitle: 'Die Änderung ist rückgängig gemacht',
    done: [
      'Alle wurden abgemeldet. Melden Sie sich mit einem Passwort oder einem zweiten Faktor von vor der Änderung an.',
    ],
    next: 'Anmelden',
  },
};
