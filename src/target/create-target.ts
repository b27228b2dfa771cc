import type { TargetConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { DemoTarget } from './demo.ts';
import { EchoTarget } from './echo.ts';
import { FunctionTarget } from './function.ts';
import { HandlerTarget } from './handler.ts';
import { LoadTarget } from './load.ts';
import type { Target } from './target.ts';
import { TcpTarget } from './tcp.ts';
import { TlsTarget } from './tls.ts';
import { UdpTarget } from './udp.ts';
import { UnixDgramTarget } from './unix-dgram.ts';
import { UnixTarget } from './unix.ts';
import { WrapProgram } from './wrap-program.ts';

/** Makes the target that a config describes. Throws a config error where its certificates are unusable. */
export function createTarget(config: TargetConfig): Target {
  switch (config.kind) {
    case 'tcp':
      return new TcpTarget(config);
    case 'tls':
      return new TlsTarget(config);
    case 'udp':
      return new UdpTarget(config.host, config.port);
    case 'unix':
      return new UnixTarget(config.path);
    case 'unix-dgram':
      return new UnixDgramTarget(config.path);
    case 'echo':
      return new EchoTarget();
    case 'demo':
      return new DemoTarget();
    case 'load':
      return new LoadTarget();
    case 'program':
      return new WrapProgram(config);
    case 'function':
      return new FunctionTarget(config.connect);
    case 'handler':
      return new HandlerTarget(config.onSession);
    default:
      throw new BridgeError('CONFIG_INVALID', { detail: `target (kind ${(config as TargetConfig).kind})` });
  }
}
