// SPDX-License-Identifier: Apache-2.0
// Small things that people type: position tokens, times, durations, sizes, addresses, column lists.

#include "app/listen_address.h"
#include "base/clock.h"
#include "base/position.h"
#include "base/units.h"
#include "cli/streams/event_stream.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  const std::string text(fuzz::to_view(data, size));
  if (const auto positions = parse_token(text)) {
    const auto again = parse_token(to_token(*positions));
    FRESHET_CHECK(again && *again == *positions);
  }
  if (const auto time = parse_rfc3339(text)) FRESHET_CHECK(parse_rfc3339(format_rfc3339(*time)) == time);
  if (const auto duration = parse_duration(text)) {
    FRESHET_CHECK(parse_duration(format_duration(*duration)) == duration);
    FRESHET_CHECK(parse_seconds(text) == duration);
  }
  if (const auto bytes = parse_size(text)) FRESHET_CHECK(parse_size(format_size(*bytes)) == bytes);
  serve::Options options;
  if (app::apply_listen_address(text, options).empty()) FRESHET_CHECK(!options.address.empty());
  if (const auto columns = cli::parse_columns(text)) FRESHET_CHECK(!columns->empty());
  return 0;
}
