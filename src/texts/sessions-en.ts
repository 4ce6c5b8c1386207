/** What we say of sessions in English, on pages and in mails. */
export const sessionsEn = {
  pages: {
    sessions: {
      title: 'Where you are signed in',
      what: 'Each entry is a browser that is signed in to your account. End what is not yours, or what you do not use any more.',
      current: 'this one',
      unknown: 'Unknown device',
      country: 'Country',
      unknownCountry: 'unknown',
      started: 'Signed in',
      seen: 'Last seen',
      end: 'End this session',
      endOthers: 'End all others',
      alone: 'You are signed in nowhere else.',
    },
    takeover: {
      title: 'Was this not you?',
      what: 'If somebody else signed in to your account, press the button.',
      effect:
        'All sessions end at once, yours as well, and your account asks for a new password, which you choose by a mail to your address.',
      button: 'This was not me',
      doneTitle: 'All sessions have ended',
      done: 'Nobody is signed in to your account any more.',
      next: 'Choose a new password now: we send a link to your address.',
      reset: 'Choose a new password',
    },
  },
  mail: {
    signIn: { when: 'When', device: 'Browser and system', country: 'Country', unknown: 'unknown' },
    newDevice: {
      subject: 'A new sign-in to your account',
      greeting: 'Hello,',
      what: 'somebody has just signed in to your account with a device that we have not seen before.',
      notMe: 'This was not me',
      ifYou: 'If it was you, there is nothing to do.',
      ifNot:
        'If it was not you, open the link: it leads to a page whose button ends all sessions and asks for a new password. The link is good for 7 days.',
    },
    stolenSession: {
      subject: 'We have ended a session of yours',
      greeting: 'Hello,',
      what: 'somebody has used a copy of one of your sessions, so we have ended it. It had begun like this:',
      notMe: 'This was not me',
      ifYou: 'If you restored or copied your browser, just sign in again.',
      ifNot:
        'If you know nothing of it, open the link: it leads to a page whose button ends all sessions and asks for a new password. The link is good for 7 days.',
    },
    takeover: {
      subject: 'Your account is locked against others',
      greeting: 'Hello,',
      what: 'you told us that a sign-in was not yours. We have ended all sessions of your account, and it asks for a new password now.',
      reset: 'Choose a new password',
      after: 'Please look at your profile afterwards: is the address still yours, and do you know every second factor?',
    },
  },
};
