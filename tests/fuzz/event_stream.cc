// SPDX-License-Identifier: Apache-2.0
// A recorded stream as `freshet replay` and `evaluate` read it: the column list on the first line ("+": the file's own
// first line names them), then the file, which may be TSV, CSV or JSON lines, plain, gzip or Zstandard.

#include "cli/streams/event_stream.h"

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static const fuzz::MemoryFile file;
  static ingest::EventDecoder decoder = [] {
    ingest::DecodeOptions options;
    options.max_future_skew = std::chrono::hours(24 * 365 * 9000);
    return ingest::EventDecoder(options);
  }();
  std::string_view bytes = fuzz::to_view(data, size);
  const std::string columns(fuzz::take_line(bytes));
  cli::StreamFormat format;
  format.header = columns == "+";
  if (!format.header) {
    auto parsed = cli::parse_columns(columns);
    if (!parsed) return 0;
    format.columns = *std::move(parsed);
  }
  file.write(bytes);
  const auto stream = cli::EventStream::open(file.path(), format);
  if (!stream) return 0;
  std::size_t events = 0;
  while (true) {
    const auto event = (*stream)->next();
    if (!event || !*event) break;
    ++events;
    const auto again = decoder.decode(ingest::encode_event(**event), {}, Timestamp{});
    FRESHET_CHECK(again && *again == **event);
  }
  FRESHET_CHECK(events + (*stream)->skipped() <= (*stream)->lines());
  return 0;
}
