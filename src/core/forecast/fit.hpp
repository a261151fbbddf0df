// Fitting the models by maximum likelihood, on customers grouped by what the likelihood looks at: its cost
// follows the number of distinct histories, not of customers.
#pragma once

#include "core/forecast/bg_nbd.hpp"
#include "core/forecast/gamma_gamma.hpp"

#include <cstdint>
#include <span>

namespace segmentation::core {

/// So many customers with the same history.
struct HistoryGroup {
  PurchaseHistory history;
  std::int64_t customers = 0;
};

/// So many customers with the same number of purchases and the same mean value of one.
struct ValueGroup {
  std::int64_t purchases = 0;
  double mean = 0;
  std::int64_t customers = 0;
};

enum class FitOutcome {
  converged,
  unbounded, // the likelihood grows towards the edge of what parameters may be: the data do not have what the
             // model describes
  failed,    // no maximum was found
  stopped,   // by who asked for it
};

struct BgNbdFit {
  FitOutcome outcome = FitOutcome::failed;
  BgNbd model;
  double log_likelihood = 0;
};

struct GammaGammaFit {
  FitOutcome outcome = FitOutcome::failed;
  GammaGamma model;
  double log_likelihood = 0;
};

/// Tells whether to give up; asked before the likelihood is computed each time.
using Stop = bool (*)() noexcept;

/// Returns the model under which these histories are most likely. Fastest where groups are in order of
/// frequency.
BgNbdFit fit_bg_nbd(std::span<const HistoryGroup> groups, Stop stop = nullptr) noexcept;

/// Returns the model under which these means are most likely; purchases and means are greater than zero.
GammaGammaFit fit_gamma_gamma(std::span<const ValueGroup> groups, Stop stop = nullptr) noexcept;

} // namespace segmentation::core
