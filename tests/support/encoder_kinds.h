// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "online/parts/content/item_encoder.h"

namespace freshet::testing {

inline auto every_encoder() {
  using enum online::EncoderKind;
  return ::testing::Values(bag, cnn, autoencoder);
}

/// Names the tests of a suite of every_encoder().
inline std::string encoder_name(const ::testing::TestParamInfo<online::EncoderKind>& kind) {
  switch (kind.param) {
    case online::EncoderKind::bag: return "bag";
    case online::EncoderKind::cnn: return "cnn";
    case online::EncoderKind::autoencoder: return "autoencoder";
  }
  return {};
}

}  // namespace freshet::testing
