// SPDX-License-Identifier: Apache-2.0
// The body of POST /v1/events: cut into events, each of which is decoded by itself.

#include <string>

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_splitter.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static ingest::EventDecoder decoder{ingest::DecodeOptions{}};
  const std::string_view body = fuzz::to_view(data, size);
  const auto texts = ingest::split_events(body);
  if (!texts) return 0;
  std::string array;
  std::vector<std::string_view> events;
  for (const std::string_view text : *texts) {
    FRESHET_CHECK(!text.empty() && text.data() >= body.data() && text.data() + text.size() <= body.data() + size);
    if (!decoder.decode(text, {}, timestamp_from_ms(1'700'000'000'000))) continue;
    events.push_back(text);
    array += (array.empty() ? "[" : ",") + std::string(text);
  }
  if (events.empty()) return 0;
  array += "]";
  const auto again = ingest::split_events(array);
  FRESHET_CHECK(again && *again == events);
  return 0;
}
