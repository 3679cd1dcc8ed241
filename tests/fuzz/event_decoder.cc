// SPDX-License-Identifier: Apache-2.0
// One record of the log: lines "ce_name: text" are its headers (CloudEvents binary mode), the rest is its value.

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"

#include <simdjson.h>

#include "tests/fuzz/fuzz.h"

namespace freshet::fuzz {
namespace {

constexpr Timestamp kArrival{std::chrono::milliseconds{1'700'000'000'000}};
constexpr std::size_t kMaxMessageBytes = 300;

RecordHeaders take_headers(std::string_view& record) {
  RecordHeaders headers;
  while (record.starts_with("ce_")) {
    const std::string_view line = take_line(record);
    const std::size_t colon = std::min(line.find(": "), line.size());
    headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  return headers;
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static ingest::EventDecoder decoder{ingest::DecodeOptions{}};
  std::string_view record = fuzz::to_view(data, size);
  const auto headers = fuzz::take_headers(record);
  const auto event = decoder.decode(record, headers, fuzz::kArrival);
  if (!event) {
    FRESHET_CHECK(event.error().code == Errc::invalid && event.error().message.size() <= fuzz::kMaxMessageBytes);
    FRESHET_CHECK(simdjson::validate_utf8(event.error().message));
    return 0;
  }
  FRESHET_CHECK(!event->user.empty() || !event->session.empty());
  const bool has_item = event->kind != EventKind::erase && event->kind != EventKind::served;
  FRESHET_CHECK(!has_item || (!event->item.empty() && ingest::check_texts(*event)));
  FRESHET_CHECK((event->kind == EventKind::served) == (event->served && !event->served->entries.empty()));
  const auto again = decoder.decode(ingest::encode_event(*event), {}, fuzz::kArrival);
  FRESHET_CHECK(again && *again == *event);
  return 0;
}
