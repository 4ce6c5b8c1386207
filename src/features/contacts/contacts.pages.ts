import type { LinkPage } from '../../http/link-page.ts';
import { confirmContactChange, revertContactChange } from './contact-links.ts';

/** The page of the link by which a new contact is proven. */
export const contactProofPage: LinkPage = {
  ask: (_ctx, _link, { contacts: { proof } }) => proof,
  async act(ctx, { token }, { contacts: { proof } }) {
    await confirmContactChange(ctx, token);
    return { title: proof.doneTitle, paragraphs: proof.done, next: { href: '/profile', label: proof.next } };
  },
};

/** The page of the link by which a change of contact is undone. */
export const contactRevertPage: LinkPage = {
  ask: (_ctx, _link, { contacts: { revert } }) => revert,
  async act(ctx, { token }, { contacts: { revert } }) {
    await revertContactChange(ctx, token);
    return { title: revert.doneTitle, paragraphs: revert.done, next: { href: '/auth/login', label: revert.next } };
  },
};
