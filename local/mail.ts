import { createServer, type Server } from 'node:http';
import { simpleParser, type AddressObject } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { Failure, reasonOf } from './failure.ts';
import { serveInbox, type CaughtMail, type MailAddress } from './mail-inbox.ts';

/** A running mail catcher. */
export interface MailCatcher {
  stop(): Promise<void>;
}

/** Older mails are dropped, so that a load test does not fill the memory. */
const mailsKept = 1000;

/** Our longest mail is a tenth of it. */
const bytesAtMost = 5 * 1024 * 1024;

function addressesOf(field: AddressObject | AddressObject[] | undefined): MailAddress[] {
  const fields = field === undefined ? [] : [field].flat();
  return fields.flatMap(({ value }) => value).map(({ address, name }) => ({ address: address ?? '', name }));
}

async function readMail(raw: Buffer, envelope: CaughtMail['envelope']): Promise<CaughtMail> {
  const mail = await simpleParser(raw, { skipImageLinks: true });
  return {
    id: crypto.randomUUID().slice(0, 8),
    time: new Date().toISOString(),
    subject: mail.subject ?? '',
    from: addressesOf(mail.from),
    to: addressesOf(mail.to),
    cc: addressesOf(mail.cc),
    envelope,
    text: mail.text ?? '',
    html: mail.html || '',
    headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(key.length + 1).trim()])),
  };
}

function receiver(mails: CaughtMail[]): SMTPServer {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: bytesAtMost,
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        if (stream.sizeExceeded) return done(new Error('Message too large'));
        const { mailFrom, rcptTo } = session.envelope;
        const envelope = { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) };
        readMail(Buffer.concat(pieces), envelope).then(
          (mail) => {
            mails.unshift(mail);
            mails.length = Math.min(mails.length, mailsKept);
            done();
          },
          (error: unknown) => done(new Error(reasonOf(error))),
        );
      });
    },
  });
  // A client that goes away in the middle of a mail is its own affair.
  server.on('error', () => undefined);
  return server;
}

function listen(server: Server | SMTPServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void =>
      reject(new Failure(`The mail catcher cannot listen on port ${port}: ${error.message}.`));
    const inner = server instanceof SMTPServer ? server.server : server;
    inner.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      inner.off('error', refuse);
      resolve();
    });
  });
}

/**
 * Catches every mail sent to this machine's SMTP port and shows it, on the loopback address only. It lives in this
 * process and keeps the last 1,000 mails in memory.
 *
 * @throws Failure when a port is taken
 */
export async function startMail(ports: { smtp: number; inbox: number }): Promise<MailCatcher> {
  const mails: CaughtMail[] = [];
  const smtp = receiver(mails);
  const inbox = createServer(serveInbox(mails));
  await listen(smtp, ports.smtp);
  try {
    await listen(inbox, ports.inbox);
  } catch (error) {
    smtp.close(() => undefined);
    throw error;
  }
  return {
    async stop() {
      inbox.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => smtp.close(resolve)),
        new Promise((resolve) => inbox.close(resolve)),
      ]);
    },
  };
}
