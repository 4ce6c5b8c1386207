/** What mails about contacts say. `button` is the words of their link. */
export const contactMailsEn = {
  proof: {
    subject: 'Please confirm your new address',
    before: ['Hello,', 'somebody wants to be reached at this address by our shop, and to sign in with it.'],
    button: 'Confirm the address',
    after: [
      'The link is good for 48 hours. Until then nothing changes.',
      'If that was not you, there is nothing to do: without the confirmation the address is not used.',
    ],
  },
  requested: {
    subject: 'A change of your contact was asked for',
    before: [
      'Hello,',
      'somebody who is signed in to your account wants to be reached by something else from now on. Until the new contact is confirmed, this one stays in use.',
      'If that was you, there is nothing to do.',
    ],
    button: 'This was not me',
    after: [
      'The link stops the change, signs everybody out and locks the account. It then opens only with a password or a second factor from before.',
    ],
  },
  changed: {
    subject: 'Your contact was changed',
    before: [
      'Hello,',
      'your account is now reached by something else: this contact is no longer used for it.',
      'If that was you, there is nothing to do.',
    ],
    button: 'This was not me',
    after: [
      'The link is good for 72 hours, whatever is changed meanwhile. It brings this contact back, signs everybody out, removes whatever was set up since, and locks the account. It then opens only with a password or a second factor from before.',
    ],
  },
  phoneChanged: {
    subject: 'Your telephone number was changed',
    before: [
      'Hello,',
      'your account has another telephone number now, or none.',
      'If that was you, there is nothing to do.',
    ],
    button: 'This was not me',
    after: [
      'The link is good for 72 hours, whatever is changed meanwhile. It brings the former number back, signs everybody out, removes whatever was set up since, and locks the account. It then opens only with a password or a second factor from before.',
    ],
  },
  phoneLost: {
    subject: 'Your telephone number is no longer used',
    before: [
      'Hello,',
      'somebody else has proven that your telephone number is theirs, as happens when a number is given out anew. It no longer belongs to your account, nor does it open it.',
    ],
    button: 'Sign in',
    after: [
      'If the number is still yours, sign in, prove it once more, and ask your telephone company who else has it.',
    ],
  },
  taken: {
    subject: 'Somebody wanted to use your contact',
    before: [
      'Hello,',
      'somebody has just wanted to use this contact for another account. It belongs to yours, so nothing was changed.',
    ],
    button: 'Sign in',
    after: ['If it was not you, there is nothing to do. Whoever it was has not learned that you have an account.'],
  },
};

/** What the pages behind these links say. */
export const contactPagesEn = {
  proof: {
    title: 'Confirm your new address',
    paragraphs: [
      'After this you are reached at this address, and sign in with it.',
      'Confirm it only if you asked for the change yourself.',
    ],
    button: 'Confirm the address',
    doneTitle: 'The address is confirmed',
    done: ['It is in use in a moment. Your former address was told.'],
    next: 'To your profile',
  },
  revert: {
    title: 'This was not me',
    paragraphs: [
      'This undoes the change and all that came after it. Everybody is signed out, and whatever was set up since is removed.',
      'The account then opens only with a password or a second factor from before the change. If you have neither, our staff helps.',
    ],
    button: 'Undo it and lock the account',
    doneTitle: 'The change is undone',
    done: ['Everybody was signed out. Sign in with a password or a second factor from before the change.'],
    next: 'Sign in',
  },
};
