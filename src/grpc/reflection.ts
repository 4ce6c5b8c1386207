import { createRegistry, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from './generated/grpc/reflection/v1/reflection_pb.ts';

type Answer = ServerReflectionResponse['messageResponse'];

/** A file, and before it all that it imports. */
function withImports(file: DescFile, seen = new Set<DescFile>()): DescFile[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return [...file.dependencies.flatMap((one) => withImports(one, seen)), file];
}

const bytesOf = (file: DescFile): Uint8Array => toBinary(FileDescriptorProtoSchema, file.proto);
const missing = { errorCode: Code.NotFound, errorMessage: 'There is no such thing.' };

function answering(services: readonly DescService[]): (request: ServerReflectionRequest) => Answer {
  const files = [...new Set(services.flatMap(({ file }) => withImports(file)))];
  const registry = createRegistry(...files);
  const found = (file: DescFile | undefined): Answer => {
    if (!file) return { case: 'errorResponse', value: { $typeName: 'grpc.reflection.v1.ErrorResponse', ...missing } };
    const fileDescriptorProto = withImports(file).toReversed().map(bytesOf);
    const value = { $typeName: 'grpc.reflection.v1.FileDescriptorResponse' as const, fileDescriptorProto };
    return { case: 'fileDescriptorResponse', value };
  };
  const names = services.map(({ typeName: name }) => ({
    $typeName: 'grpc.reflection.v1.ServiceResponse' as const,
    name,
  }));
  // A method is named by its service and a further word.
  const holding = (symbol: string): DescFile | undefined =>
    (registry.get(symbol) ?? registry.getService(symbol.replace(/[.][^.]+$/, '')))?.file;
  return ({ messageRequest: { case: wish, value } }) => {
    if (wish === 'listServices') {
      return {
        case: 'listServicesResponse',
        value: { $typeName: 'grpc.reflection.v1.ListServiceResponse', service: names },
      };
    }
    if (wish === 'fileByFilename') return found(files.find(({ proto }) => proto.name === value));
    return found(wish === 'fileContainingSymbol' ? holding(value) : undefined);
  };
}

/** The standard reflection service, by which tools such as grpcurl learn what there is. For development only. */
export function reflectionRoutes(services: readonly DescService[]): (router: ConnectRouter) => void {
  const answer = answering([...services, ServerReflection]);
  return (router) =>
    void router.service(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
        }
      },
    });
}
