// SPDX-License-Identifier: Apache-2.0
#include "cli/generate_command.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "base/clock.h"
#include "base/item_json.h"
#include "cli/streams/shop_world.h"
#include "cli/support/arguments.h"
#include "cli/support/output_file.h"
#include "cli/support/progress.h"
#include "ingest/codec/event_encoder.h"

namespace freshet::cli {
namespace {

struct GenerateArguments {
  ShopOptions shop;
  std::string start;  // empty: so that the stream ends now
  std::string format = "jsonl";
  std::string output = "-";
  std::string items_output;
};

void write_line(std::ostream& out, const Event& event, bool tsv) {
  if (tsv) {
    out << event.user << '\t' << event.item << '\t' << static_cast<double>(to_ms(event.time)) / 1000.0 << '\t'
        << event.type << '\n';
  } else {
    out << ingest::encode_event(event) << '\n';
  }
}

void write_catalogue(const ShopWorld& world, std::ostream& out) {
  for (const Item& item : world.catalogue()) out << item_json(item) << '\n';
}

void write_events(ShopWorld& world, const GenerateArguments& arguments, std::ostream& out) {
  out.precision(15);
  Progress progress("events", arguments.output == "-");
  const std::uint64_t events = arguments.shop.events;
  for (std::uint64_t done = 0; done < events; ++done) {
    write_line(out, world.next(), arguments.format == "tsv");
    if (done % 1024 == 0) progress.update(done, static_cast<double>(done) / static_cast<double>(events));
  }
}

/// The start of a stream whose last event is now: how long it is, only its events tell.
Timestamp start_for_now(const ShopOptions& shop) {
  ShopWorld rehearsal(shop);
  Timestamp last = shop.start;
  for (std::uint64_t done = 0; done < shop.events; ++done) last = rehearsal.next().time;
  return system_clock().now() - (last - shop.start);
}

Timestamp start_of(const GenerateArguments& arguments) {
  if (arguments.start.empty()) return start_for_now(arguments.shop);
  if (const auto start = parse_rfc3339(arguments.start)) return *start;
  throw std::runtime_error("--start: \"" + arguments.start +
                           "\" is not an RFC 3339 time, such as 2026-01-31T00:00:00Z");
}

void generate(const GenerateArguments& arguments) {
  ShopOptions shop = arguments.shop;
  shop.start = start_of(arguments);
  if (arguments.items_output == "-" && arguments.output == "-") {
    throw std::runtime_error("--output, --items-out: not both to standard output; name a file");
  }
  ShopWorld world(shop);
  if (!arguments.items_output.empty()) {
    write_file(arguments.items_output, [&](std::ostream& out) { write_catalogue(world, out); });
  }
  write_file(arguments.output, [&](std::ostream& out) { write_events(world, arguments, out); });
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto arguments = std::make_shared<GenerateArguments>();
  CLI::App* command =
      app.add_subcommand("generate", "Generate the event stream of a synthetic shop, with tastes and drift");
  command->footer(
      "Examples:\n"
      "  freshet generate --events 100000 -o shop.jsonl --items-out items.jsonl\n"
      "  freshet generate --users 1000000 --items 100000 --events 5000000 --format tsv | zstd > shop.tsv.zst\n"
      "\n"
      "TSV columns: user,item,time,type. The same options, seed and start give the same stream.");
  command->add_option("--users", arguments->shop.users, "Number of users")
      ->capture_default_str()
      ->check(whole_number(1, 100'000'000));
  command->add_option("--items", arguments->shop.items, "Number of items")
      ->capture_default_str()
      ->check(whole_number(2, 100'000'000));
  command->add_option("--events", arguments->shop.events, "Number of events")
      ->capture_default_str()
      ->check(whole_number(1));
  command->add_option("--seed", arguments->shop.seed, "Seed of all random choices")
      ->capture_default_str()
      ->check(whole_number());
  command->add_option("--days", arguments->shop.days, "Length of the stream, in days")
      ->capture_default_str()
      ->check(number_between(0.01, 10'000));
  command->add_option("--drift", arguments->shop.drift, "Share of the catalogue replaced during the stream")
      ->capture_default_str()
      ->check(number_between(0, 0.9));
  command->add_flag("--types", arguments->shop.types,
                    "Carts and purchases by a funnel: bestsellers of a category are bought, other items looked at");
  command->add_option("--start", arguments->start, "Start of the stream (RFC 3339). By default it ends now");
  command->add_option("--format", arguments->format, "Format of the stream")
      ->capture_default_str()
      ->check(CLI::IsMember({"jsonl", "tsv"}));
  command->add_option("-o,--output", arguments->output, "File to write; - is standard output")->capture_default_str();
  command->add_option("--items-out", arguments->items_output,
                      "Also write the catalogue to this file, as JSON lines; - is standard output");
  command->callback([arguments] { generate(*arguments); });
}

}  // namespace freshet::cli
