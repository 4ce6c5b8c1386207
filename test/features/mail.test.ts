import { simpleParser, type ParsedMail } from 'mailparser';
import { createServer, type AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { knownAddressMail } from '../../src/features/registration/registration.mails.ts';
import { createMailSender, MailRefused, type MailSender } from '../../src/platform/mail.ts';

describe('our own mails (issue 1, deliverable 13)', () => {
  const caught: { mail: ParsedMail; to: string[] }[] = [];
  let server: SMTPServer;
  let sender: MailSender;

  beforeEach(async () => {
    caught.length = 0;
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, session, done) {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        simpleParser(stream).then((mail) => done(void caught.push({ mail, to }) as never), done);
      },
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.server.address() as AddressInfo;
    sender = createMailSender({ url: `smtp://127.0.0.1:${port}`, from: 'Shop <shop@example.com>' });
  });
  afterEach(async () => {
    sender.close();
    await new Promise<void>((closed) => server.close(closed));
  });

  test.each([
    ['de-AT', 'Sie haben bereits ein Konto', 'Anmelden'],
    ['en', 'You already have an account', 'Sign in'],
    [null, 'You already have an account', 'Sign in'],
  ])('the owner of an address is told in her language (%s), as text and as HTML', async (locale, subject, link) => {
    await sender.send(knownAddressMail('anna@example.com', locale, 'https://shop.example/auth/login?a=1&b=2'));

    const [{ mail, to } = expect.fail('no mail')] = caught;
    expect(to).toEqual(['anna@example.com']);
    expect(mail.subject).toBe(subject);
    expect(mail.text).toContain(`${link}: https://shop.example/auth/login?a=1&b=2`);
    expect(mail.html).toContain('href="https://shop.example/auth/login?a=1&#38;b=2"');
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
  });

  test.each([
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com\nBcc: b@example.com',
    'a\u0000@example.com',
    'a\u2028@example.com',
    'a\ud800@example.com',
  ])('nobody writes a header through an address (%j)', async (to) => {
    await expect(sender.send({ to, subject: 'S', text: 'T', html: 'T' })).rejects.toBeInstanceOf(MailRefused);
    await expect(sender.send({ to: 'a@example.com', subject: to, text: 'T', html: 'T' })).rejects.toBeInstanceOf(
      MailRefused,
    );
    expect(caught).toEqual([]);
  });

  test('an address with a comma is one recipient', async () => {
    await sender.send({ to: '"a,b"@example.com', subject: 'S', text: 'T', html: 'T' });

    expect(caught[0]?.to).toHaveLength(1);
  });

  test('a mail server that says nothing is an error, not a job that never ends', async () => {
    const silent = createServer();
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const { port } = silent.address() as AddressInfo;
    const waiting = createMailSender({ url: `smtp://127.0.0.1:${port}`, from: 'shop@example.com' }, 200);

    await expect(waiting.send({ to: 'a@example.com', subject: 'S', text: 'T', html: 'T' })).rejects.toThrow(
      /Greeting never received|timeout/i,
    );
    silent.close();
  });
});
