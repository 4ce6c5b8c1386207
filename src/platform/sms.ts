import { NoAnswer, request } from './http-client.ts';

/** Where text messages go: Twilio's Messages API, or a gateway that speaks it. */
export interface SmsAccount {
  /** Base address, such as `https://api.twilio.com`. */
  readonly url: string;
  /** Account SID, `AC…`. */
  readonly account: string;
  readonly token: string;
  /** The sender: a number in E.164 form or a name the gateway knows. */
  readonly from: string;
}

/** One text message. */
export interface TextMessage {
  /** E.164. */
  readonly to: string;
  readonly body: string;
}

/** Hands text messages to the gateway. */
export interface SmsGateway {
  /** @throws SmsFailed */
  send(message: TextMessage): Promise<void>;
}

/**
 * Why a message was not taken: nobody set a gateway up; it did not answer in time, so that the message may have gone out
 * all the same; it could not be reached or is in trouble; it refuses this number; it refuses us.
 */
export type SmsFault = 'off' | 'timeout' | 'unreachable' | 'number' | 'refused';

/** The gateway did not take a message. Names neither number nor text. */
export class SmsFailed extends Error {
  readonly fault: SmsFault;
  /** The gateway's own code, such as 20003; for the log. */
  readonly gatewayCode: number | undefined;
  constructor(fault: SmsFault, gatewayCode?: number) {
    super('The text message was not sent.');
    this.name = 'SmsFailed';
    this.fault = fault;
    this.gatewayCode = gatewayCode;
  }
}

/** Twilio's codes for a number that is none, is unreachable, takes no messages, has opted out, or is in a country not served. */
const numberCodes = new Set([21211, 21214, 21408, 21610, 21612, 21614]);
/** The page that waits for us waits five seconds in all. */
const patienceMs = 3500;

function codeIn(text: string): number | undefined {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === 'number' ? code : undefined;
  } catch {
    return undefined;
  }
}

function faultOf(status: number, code: number | undefined): SmsFault {
  if (status >= 500 || status === 429) return 'unreachable';
  return code !== undefined && numberCodes.has(code) ? 'number' : 'refused';
}

/**
 * Reaches the gateway. A message is handed over once: whether an unanswered one went out, only the gateway knows.
 *
 * @param sms        undefined when none is set up: each message then fails with `off`
 * @param timeoutMs  longest wait for the whole answer, connecting included
 */
export function createSmsGateway(sms: SmsAccount | undefined, timeoutMs = patienceMs): SmsGateway {
  if (!sms) return { send: () => Promise.reject(new SmsFailed('off')) };
  const { url, account, token, from } = sms;
  const address = `${url.replace(/\/$/, '')}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  return {
    async send({ to, body }) {
      const form = new URLSearchParams({ To: to, From: from, Body: body }).toString();
      const answer = await request(address, { method: 'POST', headers, body: form, timeoutMs }).catch(
        (error: unknown) => {
          if (!(error instanceof NoAnswer)) throw error;
          throw new SmsFailed(error.reason === 'timeout' ? 'timeout' : 'unreachable');
        },
      );
      if (answer.status >= 200 && answer.status < 300) return;
      const code = codeIn(answer.text);
      throw new SmsFailed(faultOf(answer.status, code), code);
    },
  };
}
