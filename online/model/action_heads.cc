// SPDX-License-Identifier: Apache-2.0
#include "online/model/action_heads.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "online/kernels/kernels.h"

namespace freshet::online {
namespace {

constexpr float kSteps = 127.0F / BlenderWeights::kClip;  // per unit of a standardized feature
constexpr double kArrivals = 200'000;                     // after which counts are halved, so that old ones fade
constexpr double kMostValue = 1e6;                        // of kDwell
constexpr float kMostWeight = 10;                         // of a dwell of many times the mean
constexpr float kFirstSquares = 100;  // of Adagrad: an action that is rare moves its order away from the blend slowly

float minus_log_of_sum(std::span<const float> logarithms) {
  const float highest = *std::ranges::max_element(logarithms);
  float sum = 0;
  for (const float logarithm : logarithms) sum += std::exp(logarithm - highest);
  return -highest - std::log(sum);
}

}  // namespace

ActionHeads::ActionHeads(const BlenderOptions& options, std::size_t inputs, std::uint64_t seed)
    : options_(options), random_(mix64(seed)), lists_(options.remembered_lists) {
  const std::size_t actions = options.actions.size(), hidden = options.hidden_units;
  weights_ = {inputs,
              hidden,
              options.actions,
              AlignedVector<float>(actions * inputs, 0.0F),
              AlignedVector<float>(actions * hidden, 0.0F),
              std::vector<double>(actions, 0.0)};
  g_linear_.assign(actions * inputs, kFirstSquares);
  g_w2_.assign(actions * hidden, kFirstSquares);
  happened_.assign(actions, 0.0);
  sums_.assign(actions, 0.0);
}

/// Rows for drawn_ behind the target, each by its probability among those that are not the target.
void ActionHeads::draw_others(std::span<const float> probabilities, std::size_t target) {
  std::array<double, kOthers> places{};
  const double rest = 1.0 - static_cast<double>(probabilities[target]);
  for (double& place : places) place = random_.uniform() * rest;
  std::ranges::sort(places);
  std::size_t next = 0;
  double passed = 0;
  std::size_t last = target == 0 ? 1 : 0;
  for (std::size_t row = 0; row < probabilities.size() && next < kOthers; ++row) {
    if (row == target) continue;
    last = row;
    passed += static_cast<double>(probabilities[row]);
    while (next < kOthers && places[next] < passed) drawn_[++next] = row;
  }
  while (next < kOthers) drawn_[++next] = last;  // what rounding has left
}

void ActionHeads::remember(const Arrival& arrival, const Blender& blender, std::span<const float> features,
                           std::size_t target) {
  const std::span<const float> probabilities = blender.probabilities();
  if (probabilities.empty() || weights_.names.empty()) return;
  FRESHET_CHECK(target < probabilities.size());
  const std::size_t inputs = weights_.inputs;
  if (arrivals_ >= kArrivals) halve_counts();
  arrivals_ += 1;
  RememberedList& list = lists_.renew(arrival.session);
  list.user = arrival.user;
  list.item = arrival.item;
  list.time = arrival.time;
  list.probability = probabilities[target];
  if (probabilities.size() == 1 || !(list.probability < 1)) return;  // nothing to tell it from
  drawn_.front() = target;
  draw_others(probabilities, target);
  x_.resize(inputs);
  list.rows.reserve(drawn_.size() * inputs);
  for (const std::size_t row : drawn_) {
    blender.weights().standardize(features.subspan(row * inputs, inputs), x_);
    for (const float x : x_) list.rows.push_back(static_cast<std::int8_t>(std::lround(x * kSteps)));
  }
}

void ActionHeads::act(std::size_t action, const Arrival& at, double value, std::chrono::milliseconds longest,
                      const BlenderWeights& blender) {
  RememberedList* const list = lists_.find(at.session);
  if (list == nullptr || list->item != at.item) return;
  if (list->user != kNobody && at.user != kNobody && list->user != at.user) return;
  if (longest.count() > 0 && at.time - list->time > longest) return;
  const std::uint32_t bit = 1U << action;
  if ((list->actions & bit) != 0) return;
  list->actions |= bit;
  const bool by_value = weights_.names[action] == ActionWeights::kDwell;
  const double amount = by_value ? std::clamp(value, 0.0, kMostValue) : 1.0;
  happened_[action] += 1;
  sums_[action] += amount;
  for (std::size_t a = 0; a < sums_.size(); ++a) weights_.rates[a] = sums_[a] / std::max(1.0, arrivals_);
  const double mean = sums_[action] / happened_[action];
  if (list->rows.size() <= weights_.inputs || mean <= 0) return;
  learn(action, *list, std::min(static_cast<float>(amount / mean), kMostWeight), blender);
}

/// One Adagrad step. The other rows stand for all candidates but the item, each with an equal share of their probability.
void ActionHeads::learn(std::size_t action, const RememberedList& list, float weight, const BlenderWeights& blender) {
  const std::size_t inputs = weights_.inputs, hidden = weights_.hidden,
                    rows = std::min(list.rows.size() / inputs, kOthers + 1);
  x_.resize(rows * inputs);
  for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = static_cast<float>(list.rows[i]) / kSteps;
  units_.resize(rows * hidden);
  blender.hidden_units(x_, units_);
  float* const linear = &weights_.linear[action * inputs];
  float* const w2 = &weights_.w2[action * hidden];
  std::array<float, kOthers + 1> gradient{};
  const float other = std::log((1 - list.probability) / static_cast<float>(rows - 1));
  for (std::size_t r = 0; r < rows; ++r) {
    gradient[r] = (r == 0 ? std::log(std::max(list.probability, 1e-6F)) : other) +
                  dot(&x_[r * inputs], linear, inputs) + dot(&units_[r * hidden], w2, hidden);
  }
  const float shift = minus_log_of_sum(std::span(gradient).first(rows));
  d_linear_.assign(inputs, 0.0F);
  d_w2_.assign(hidden, 0.0F);
  for (std::size_t r = 0; r < rows; ++r) {
    const float slope = weight * (std::exp(gradient[r] + shift) - (r == 0 ? 1.0F : 0.0F));
    add_scaled(&x_[r * inputs], slope, inputs, d_linear_.data());
    add_scaled(&units_[r * hidden], slope, hidden, d_w2_.data());
  }
  const auto rate = static_cast<float>(options_.learning_rate);
  adagrad(linear, &g_linear_[action * inputs], d_linear_.data(), inputs, rate);
  adagrad(w2, &g_w2_[action * hidden], d_w2_.data(), hidden, rate);
}

void ActionHeads::halve_counts() {
  arrivals_ /= 2;
  for (auto* counts : {&happened_, &sums_}) {
    for (double& count : *counts) count /= 2;
  }
}

void ActionHeads::insert(std::size_t at, std::size_t columns) {
  const std::size_t actions = weights_.names.size();
  for (auto [values, fresh] : {std::pair{&weights_.linear, 0.0F}, std::pair{&g_linear_, kFirstSquares}}) {
    for (std::size_t a = actions; a-- > 0;) {
      values->insert(values->begin() + static_cast<std::ptrdiff_t>(a * weights_.inputs + at), columns, fresh);
    }
  }
  weights_.inputs += columns;
  lists_.clear();
}

std::size_t ActionHeads::memory_bytes() const {
  return 2 * sizeof(float) * (weights_.linear.size() + weights_.w2.size()) + lists_.memory_bytes();
}

void ActionHeads::save(ByteWriter& out) const {
  const std::size_t inputs = weights_.inputs, hidden = weights_.hidden;
  out.fixed(arrivals_);
  out.varint(weights_.names.size());
  for (std::size_t a = 0; a < weights_.names.size(); ++a) {
    out.string(weights_.names[a]);
    for (const auto* values : {&weights_.linear, &g_linear_}) out.array(std::span(*values).subspan(a * inputs, inputs));
    for (const auto* values : {&weights_.w2, &g_w2_}) out.array(std::span(*values).subspan(a * hidden, hidden));
    for (const double number : {happened_[a], sums_[a], weights_.rates[a]}) out.fixed(number);
  }
  random_.save(out);
  lists_.save(out);
}

Result<void> ActionHeads::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "action heads: not a saved state"};
  const std::size_t inputs = weights_.inputs, hidden = weights_.hidden;
  arrivals_ = in.fixed<double>();
  const std::uint64_t saved = in.varint();
  std::vector<std::string> names;
  for (std::uint64_t s = 0; s < saved && in.ok(); ++s) {
    names.emplace_back(in.string());
    const auto place = weights_.find(names.back());
    std::array<std::vector<float>, 4> arrays;
    for (auto& values : arrays) values = in.array<float>();
    std::array<double, 3> numbers{};
    for (double& number : numbers) number = in.fixed<double>();
    for (std::size_t i = 0; i < 2; ++i) {
      if (arrays[i].size() != inputs || arrays[2 + i].size() != hidden) return corrupt;
    }
    if (!place) continue;
    const std::size_t a = *place;
    const auto put = [a](const std::vector<float>& values, AlignedVector<float>& to) {
      std::ranges::copy(values, to.begin() + static_cast<std::ptrdiff_t>(a * values.size()));
    };
    put(arrays[0], weights_.linear);
    put(arrays[1], g_linear_);
    put(arrays[2], weights_.w2);
    put(arrays[3], g_w2_);
    happened_[a] = numbers[0];
    sums_[a] = numbers[1];
    weights_.rates[a] = numbers[2];
  }
  random_.load(in);
  if (!in.ok()) return corrupt;
  if (auto loaded = lists_.load(in, std::max<std::size_t>(1, inputs)); !loaded) return loaded;
  if (names != weights_.names) lists_.clear();  // their bits are of other actions
  return {};
}

}  // namespace freshet::online
