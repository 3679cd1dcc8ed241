// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/json.hpp>
#include <boost/url.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/item_json.h"
#include "base/position.h"
#include "base/units.h"
#include "cli/evaluate/lockstep.h"
#include "cli/evaluate/predictor.h"
#include "cli/support/http_client.h"
#include "ingest/codec/event_encoder.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kBatchBytes = std::size_t{256} << 10;  // of items

json::value expect(const Result<HttpClient::Answer>& answer, unsigned status, const std::string& what) {
  if (!answer) throw std::runtime_error("the service does not answer: " + answer.error().message);
  if (answer->status != status) {
    throw std::runtime_error(what + ": status " + std::to_string(answer->status) + ": " + answer->body.substr(0, 300));
  }
  return json::parse(answer->body);
}

json::value status_of(HttpClient& client) { return expect(client.get("/v1/status"), 200, "/v1/status"); }

/// The service's options that decide which events it scores, from /v1/status.
online::Options options_of(const json::value& status) {
  const json::value& said = status.at("learner").at("options");
  online::Options options;
  options.session_gap = std::chrono::seconds(said.at("session_gap_seconds").to_number<std::int64_t>());
  options.max_items = said.at("max_items").to_number<std::size_t>();
  options.max_open_sessions = said.at("max_open_sessions").to_number<std::size_t>();
  options.dedupe_ids = said.at("dedupe_ids").to_number<std::size_t>();
  options.seed = said.at("seed").to_number<std::uint64_t>();
  options.type_weights = json::value_to<std::map<std::string, double>>(said.at("type_weights"));
  options.type_aliases = json::value_to<std::map<std::string, std::string>>(said.at("type_aliases"));
  options.least_value = json::value_to<std::map<std::string, double>>(said.at("least_value"));
  return options;
}

std::string parameter_of(const std::optional<online::Values>& values) {
  if (!values) return {};
  std::string text;
  for (const auto& [type, value] : *values) text += (text.empty() ? "" : ",") + fmt::format("{}:{}", type, value);
  return "&value=" + std::string(boost::urls::encode(text, boost::urls::unreserved_chars));
}

class ServicePredictor final : public Predictor {
 public:
  ServicePredictor(std::unique_ptr<HttpClient> client, const online::Options& options, bool lockstep,
                   const std::optional<online::Values>& values)
      : options_(options), value_(parameter_of(values)), client_(std::move(client)), model_(options, {}) {
    if (lockstep) lockstep_.emplace([this] { return status_of(*client_); });
  }

  std::vector<std::string> part_names() const override { return {"blend"}; }
  std::vector<std::pair<std::string, online::Calibration>> calibration() const override { return {}; }
  std::size_t items() const override { return model_.vocabulary().size(); }
  const online::Options& options() const override { return options_; }

  void describe(const Event& put) override {
    model_.learn(put);
    items_.append(item_json(put.change->item)).push_back('\n');
    if (items_.size() >= kBatchBytes) put_items();
  }

  const online::Model::Outcome& take(const Event& event, bool learns, online::Evaluation& evaluation) override {
    FRESHET_CHECK(learns);
    if (!items_.empty()) put_items();
    outcome_ = model_.learn(event);
    if (outcome_.scored && !outcome_.unseen_target) outcome_.ranks = {ask(event, evaluation)};
    send(event);
    return outcome_;
  }

 private:
  std::optional<std::size_t> ask(const Event& event, online::Evaluation& evaluation) {
    std::string path = event.session.empty() ? "/v1/users/" : "/v1/sessions/";
    path += boost::urls::encode(event.session.empty() ? event.user : event.session, boost::urls::unreserved_chars) +
            "/recommendations?k=" + std::to_string(online::kCutoffs.back());
    path += value_;
    if (!sent_.empty()) path += "&after=" + to_token(sent_);
    const json::value answer = expect(client_->get(path), 200, path);
    std::optional<std::size_t> rank;
    std::size_t place = 0;
    for (const json::value& entry : answer.at("items").as_array()) {
      const std::string item(entry.at("item").as_string());
      ++place;
      if (item == event.item) rank = place;
      const online::ItemIndex number = model_.vocabulary().find(item);
      if (number != online::kNoItem) evaluation.cover(0, number);
    }
    return rank;
  }

  void send(Event event) {
    event.sender.clear();  // the service says who sent it
    post("/v1/events", "application/json", ingest::encode_event(event));
  }

  void put_items() {
    const json::value answer = post("/v1/items", "application/x-ndjson", std::exchange(items_, {}));
    const json::array& rejected = answer.at("rejected").as_array();
    if (!rejected.empty()) throw std::runtime_error("/v1/items: " + json::serialize(rejected.front()));
  }

  json::value post(const std::string& path, const std::string& type, const std::string& body) {
    json::value answer = expect(client_->post(path, type, body), 202, path);
    const auto token = parse_token(answer.at("token").as_string());
    if (!token) throw std::runtime_error(path + ": token: " + token.error().message);
    advance(sent_, *token);
    if (lockstep_) lockstep_->wait_for(sent_);
    return answer;
  }

  const online::Options options_;
  const std::string value_;  // the parameter of lists
  std::unique_ptr<HttpClient> client_;
  // Without parts: it follows sessions and items exactly as the service's learner does, and so says which events are
  // scored; the lists come from the service.
  online::Model model_;
  std::string items_;  // to be put, as lines of JSON
  Positions sent_;     // covers everything sent so far
  std::optional<Lockstep> lockstep_;
  online::Model::Outcome outcome_;
};

}  // namespace

std::unique_ptr<Predictor> make_service_predictor(const std::string& url,
                                                  std::optional<std::chrono::seconds> session_gap, bool lockstep,
                                                  const std::optional<online::Values>& values) {
  auto client = HttpClient::make(url);
  if (!client) throw std::runtime_error("--against: " + client.error().message);
  const json::value status = status_of(**client);
  const online::Options options = options_of(status);
  if (session_gap && *session_gap != options.session_gap) {
    throw std::runtime_error("--session-gap: " + format_duration(*session_gap) +
                             " differs from the service's online.session_gap, " + format_duration(options.session_gap));
  }
  if (const auto learned = status.at("learner").at("events_learned").to_number<std::uint64_t>(); learned > 0) {
    std::fprintf(
        stderr,
        "WARNING: the service has learned %llu events before; it may know items and sessions that are new here\n",
        static_cast<unsigned long long>(learned));
  }
  return std::make_unique<ServicePredictor>(*std::move(client), options, lockstep, values);
}

}  // namespace freshet::cli
