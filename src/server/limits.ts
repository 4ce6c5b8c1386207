/** Every limit of the doors, in one place (ASVS 4.3.1, 4.4; facts measured on the libraries' defaults). */
export const limits = {
  /** Longest request body, bytes. */
  bodyBytes: 128 * 1024,
  /** How long a body that is too large is still read, to be thrown away. */
  hearOutMs: 2000,
  /** All headers of a request, bytes. */
  headerBytes: 16 * 1024,
  headersTimeoutMs: 5000,
  requestTimeoutMs: 12_000,
  /** How often slow connections are looked for: half a minute by default. */
  slowCheckMs: 1000,
  keepAliveMs: 10_000,
  /** Longest GraphQL document, bytes. */
  documentBytes: 16 * 1024,
  /** Brackets inside brackets before parsing: deeper ones overflow the parser. */
  nesting: 25,
  tokens: 1000,
  directives: 20,
  depth: 10,
  aliases: 15,
  rootFields: 20,
  /** What a document may cost: fields, times the page sizes around them. */
  cost: 5000,
  /** Most entries of a page. */
  page: 100,
  /** Representations of one request, whatever the fields that ask for them. */
  entities: 1000,
  /** Longest message on a socket, bytes. */
  socketMessageBytes: 64 * 1024,
  socketInitMs: 3000,
  socketsPerClient: 20,
  subscriptionsPerSocket: 50,
  /** Messages of one socket in ten seconds. */
  socketMessages: 200,
  streamsPerClient: 20,
  /** Streams of revocations of one service, in one process: each of its replicas has one. */
  watchersPerCaller: 50,
  /** Body of a delivery from Keycloak, bytes. */
  deliveryBytes: 1024 * 1024,
  deliveryAgeSeconds: 300,
  /** Longest message of gRPC, bytes. */
  grpcMessageBytes: 64 * 1024,
  /** How long a call of gRPC may take whose caller sets no time. */
  grpcDeadlineMs: 5000,
  /** How long a caller of gRPC may take to send what it asks. */
  grpcBodyMs: 5000,
  grpcStreamsPerSocket: 200,
  grpcSockets: 1000,
  drainMs: 20_000,
} as const;
