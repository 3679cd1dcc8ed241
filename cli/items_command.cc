#include "cli/items_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <boost/url.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/printable.h"
#include "cli/support/http_client.h"
#include "serve/routing/json.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;

struct ExportArguments {
  std::string url = "http://127.0.0.1:8080";
};

json::object page_after(HttpClient& client, const std::optional<std::string>& cursor) {
  std::string target = "/v1/items?limit=1000";
  if (cursor) target += "&cursor=" + boost::urls::encode(*cursor, boost::urls::unreserved_chars);
  const auto answer = client.get(target);
  if (!answer) throw std::runtime_error(answer.error().message);
  boost::system::error_code error;
  json::value body = json::parse(answer->body, error);
  if (answer->status != 200 || error || !body.is_object() || !body.as_object().contains("items")) {
    throw std::runtime_error("HTTP " + std::to_string(answer->status) + ": " + printable(answer->body.substr(0, 200)));
  }
  return std::move(body.as_object());
}

/// Prints every item. An item that is changed meanwhile comes as it was or as it is.
void export_items(const ExportArguments& arguments) {
  auto client = HttpClient::make(arguments.url);
  if (!client) throw std::runtime_error("--url: " + client.error().message);
  std::optional<std::string> cursor;
  do {
    const json::object page = page_after(**client, cursor);
    for (const json::value& item : page.at("items").as_array()) {
      std::printf("%s\n", serve::to_text(item).c_str());
    }
    const json::value* const next = page.if_contains("next");
    cursor = next == nullptr ? std::nullopt : std::optional<std::string>(next->as_string());
  } while (cursor);
}

}  // namespace

void add_items_command(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* items = app.add_subcommand("items", "Export the catalogue of a running service");
  items->require_subcommand(1);
  CLI::App* command = items->add_subcommand("export", "Print every item as a line of JSON, in the order of the ids");
  command->footer(
      "Example:\n"
      "  freshet items export > items.jsonl\n"
      "\n"
      "The lines are what `freshet replay --items` and `freshet evaluate --items` read. The API key, of scope admin, "
      "is\n"
      "read from FRESHET_API_KEY.");
  command->add_option("--url", arguments->url, "URL of the service")->capture_default_str();
  command->callback([arguments] { export_items(*arguments); });
}

}  // namespace freshet::cli
