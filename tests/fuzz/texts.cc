// Small things that people type: position tokens, times, durations, sizes, addresses, column lists.

#include "app/listen_address.h"
#include "app/units.h"
#include "base/clock.h"
#include "base/position.h"
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
  if (const auto duration = app::parse_duration(text)) {
    FRESHET_CHECK(app::parse_duration(app::format_duration(*duration)) == duration);
    FRESHET_CHECK(app::parse_seconds(text) == duration);
  }
  if (const auto bytes = app::parse_size(text)) FRESHET_CHECK(app::parse_size(app::format_size(*bytes)) == bytes);
  serve::Options options;
  if (app::apply_listen_address(text, options)) FRESHET_CHECK(!options.address.empty());
  if (const auto columns = cli::parse_columns(text)) FRESHET_CHECK(!columns->empty());
  return 0;
}
