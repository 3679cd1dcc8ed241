// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/event.h"

namespace freshet::cli {

struct ShopOptions {
  std::size_t users = 1000;
  std::size_t items = 1000;
  std::uint64_t events = 100'000;
  std::uint64_t seed = 1;
  double days = 7;     ///< length of the stream
  double drift = 0.2;  ///< share of the catalogue replaced during the stream
  bool types =
      false;          ///< carts and purchases by a funnel: the popular items of a category are bought, others looked at
  Timestamp start{};  ///< start of the stream
};

/// A synthetic shop with known regularities. Items have a category, an accessory (another item of the category) and a
/// popularity; categories have a popularity too. Users like some categories. A session goes mostly to the accessory of
/// the last item, sometimes to another popular item of its category, seldom elsewhere; some views lead to a cart or a
/// purchase. Nights are quiet, and items appear and disappear.
/// A recommender can learn the accessories (session models), the categories (co-visitation) and the popularity.
/// Deterministic: the same options give the same stream.
/// Threads: one.
class ShopWorld {
 public:
  explicit ShopWorld(const ShopOptions& options);
  ~ShopWorld();

  /// The next event in order of time; one with an empty item after ShopOptions::events events.
  Event next();

  /// The whole catalogue, including items that appear later.
  std::vector<Item> catalogue() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::cli
