export { Channel, type ChannelOptions, type ChannelUrl } from './channel.ts';
export type { ChannelCloseEvent, ChannelMessageEvent } from './channel-event.ts';
export { connect, type ConnectOptions } from './connect.ts';
export type { KeepaliveOptions } from './keepalive.ts';
export type { ChannelEnd, ReconnectOptions } from './reconnect.ts';
export { ConnectError, SocketError, type ConnectErrorCode, type SocketErrorCode } from './socket-error.ts';
export type { Closed, Socket } from './socket.ts';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.ts';
export { Websock, type RawChannel, type WebsockEvents, type WebsockOptions } from './websock.ts';
