import { essence } from '../codec/media-type.ts';
import { UndecodableBody } from '../document.ts';
import { CborSequenceSplitter } from './cbor-sequence-splitter.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { JsonListSplitter } from './json-list-splitter.ts';
import { JsonWatchSplitter } from './json-watch-splitter.ts';
import { SPLITTER_BOUNDS, type Splitter, type SplitterBounds } from './splitter.ts';
import { WholeSplitter } from './whole-splitter.ts';

/**
 * What cuts a watch response into its events.
 * @throws UndecodableBody where a watch is not spoken in that type.
 */
export function newWatchSplitter(contentType: string | undefined, bounds: SplitterBounds = SPLITTER_BOUNDS): Splitter {
  switch (essence(contentType)) {
    case 'application/json':
      return new JsonWatchSplitter(bounds);
    case 'application/cbor-seq':
      return new CborSequenceSplitter(bounds);
    case 'application/vnd.kubernetes.protobuf':
      return new FrameSplitter(bounds);
    default:
      throw new UndecodableBody('Watches are not spoken in this media type');
  }
}

/** What cuts the response to a list or a Table: by object where it is JSON; a JsonListSplitter then. Else it is held whole. */
export function newListSplitter(
  contentType: string | undefined,
  bounds: SplitterBounds = SPLITTER_BOUNDS,
): JsonListSplitter | WholeSplitter {
  return essence(contentType) === 'application/json' ? new JsonListSplitter(bounds) : new WholeSplitter(bounds);
}
