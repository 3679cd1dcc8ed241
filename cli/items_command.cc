// SPDX-License-Identifier: Apache-2.0
#include "cli/items_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <boost/url.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "cli/support/http_client.h"
#include "ingest/codec/event_splitter.h"
#include "ingest/codec/member_texts.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;

struct ExportArguments {
  std::string url = "http://127.0.0.1:8080";
};

/// The pages of the catalogue, in order. A page that the service does not give since it is too large, or since the service is
/// busy, is asked for with half as many items.
class Pages {
 public:
  explicit Pages(const std::string& url) : url_(url.ends_with('/') ? url.substr(0, url.size() - 1) : url) {
    auto client = HttpClient::make(url);
    if (!client) throw std::runtime_error("--url: " + client.error().message);
    client_ = *std::move(client);
  }

  struct Page {
    std::vector<std::string> items;  ///< as the service writes them: numbers stay as they were sent
    std::optional<std::string> next;
  };

  Page after(const std::optional<std::string>& cursor) {
    for (int tries_of_one = 0;;) {
      std::string target = "/v1/items?limit=" + std::to_string(limit_);
      if (cursor) target += "&cursor=" + boost::urls::encode(*cursor, boost::urls::unreserved_chars);
      const auto answer = client_->get(target);
      if (!answer) fail(target, answer.error().message);
      if (answer->status == kTooLarge || answer->status == kUnavailable) {
        if (limit_ > 1) {
          limit_ /= 2;
          continue;
        }
        if (++tries_of_one < kTriesOfOne) {
          std::this_thread::sleep_for(std::max(answer->retry_after, std::chrono::seconds(1)));
          continue;
        }
      }
      auto page = answer->status == kOk ? read(answer->body) : std::nullopt;
      if (page) return *std::move(page);
      fail(target, "HTTP " + std::to_string(answer->status) + ": " + printable(answer->body.substr(0, 200)));
    }
  }

 private:
  /// Nullopt if the body is no page.
  static std::optional<Page> read(const std::string& body) {
    boost::system::error_code error;
    const json::value value = json::parse(body, error, {}, {.max_depth = kMaxDepth});
    const json::object* const members = error ? nullptr : value.if_object();
    if (members == nullptr || !members->contains("items")) return std::nullopt;
    ingest::MemberTexts texts(body);
    const auto items =
        ingest::split_events(texts.at(static_cast<std::size_t>(members->find("items") - members->begin())));
    if (!items) return std::nullopt;
    Page page{{items->begin(), items->end()}, {}};
    if (const json::value* const next = members->if_contains("next")) page.next = next->as_string();
    return page;
  }

  [[noreturn]] void fail(const std::string& target, const std::string& why) const {
    throw std::runtime_error(url_ + target + ": " + why);
  }

  static constexpr unsigned kOk = 200, kTooLarge = 413, kUnavailable = 503;
  static constexpr int kTriesOfOne = 5;
  static constexpr std::size_t kMaxDepth = 128;  // an item's own is less

  const std::string url_;
  std::unique_ptr<HttpClient> client_;
  std::size_t limit_ = 1000;
};

/// Prints every item. An item that is changed meanwhile comes as it was or as it is.
void export_items(const ExportArguments& arguments) {
  Pages pages(arguments.url);
  std::optional<std::string> cursor;
  do {
    const Pages::Page page = pages.after(cursor);
    for (const std::string& item : page.items) std::printf("%s\n", item.c_str());
    cursor = page.next;
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
