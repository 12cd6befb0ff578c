#pragma once
// The settings of all models. One list names them for the command line, the configuration and
// golden files.

#include <cstdint>
#include <string>

#include "engine/options.h"
#include "models/options/afn_options.h"
#include "models/options/apg_options.h"
#include "models/options/autoint_options.h"
#include "models/options/cin_options.h"
#include "models/options/cross_options.h"
#include "models/options/dual_mlp_options.h"
#include "models/options/edcn_options.h"
#include "models/options/embedding_options.h"
#include "models/options/encoder_options.h"
#include "models/options/ffm_options.h"
#include "models/options/fibinet_options.h"
#include "models/options/finalmlp_options.h"
#include "models/options/fm_options.h"
#include "models/options/fmfm_options.h"
#include "models/options/fwfm_options.h"
#include "models/options/im_options.h"
#include "models/options/masknet_options.h"
#include "models/options/mlora_options.h"
#include "models/options/next_item_options.h"
#include "models/options/nfm_options.h"
#include "models/options/peter_options.h"
#include "models/options/pnn_options.h"
#include "models/options/pooling_options.h"
#include "models/options/sequence_options.h"
#include "models/options/star_options.h"
#include "models/options/task_options.h"

namespace ctr {

struct ModelOptions {
  int64_t embedding_dim = 0;  // of trained tables; 0: the width of the data's given vectors, or 16
  double embedding_deviation = 1e-2;  // initial tables are N(0, deviation²)
  IntList hidden_units = {256, 128, 64};
  std::string activation = "relu";  // of the hidden layers
  bool batch_norm = false;          // before each activation of them
  double dropout = 0;
  std::string numeric =
      "embed";  // embed: value · vector, a field like any other; raw: the value itself, beside
                // them; buckets: a row per bucket, a field like any other
  EmbeddingOptions embedding;
  std::string linear = "plain";  // plain, apg, mlora: the layers of every MLP
  ApgOptions apg;
  MloraOptions mlora;

  // Of single models, each by itself in models/options/.
  FmOptions fm;
  DualMlpOptions dual_mlp;
  NfmOptions nfm;
  PnnOptions pnn;
  FwfmOptions fwfm;
  FmfmOptions fmfm;
  FfmOptions ffm;
  FibinetOptions fibinet;
  CinOptions cin;
  AutoIntOptions autoint;
  AfnOptions afn;
  ImOptions im;
  CrossOptions cross;
  EdcnOptions edcn;
  FinalMlpOptions finalmlp;
  MaskNetOptions masknet;
  DinOptions din;
  BstOptions bst;
  StarOptions star;
  TaskOptions task;
  PoolingOptions pooling;
  NextItemOptions next_item;
  NextItNetOptions nextitnet;
  PeterOptions peter;
  GruOptions gru;
  SasRecOptions sasrec;
  EncoderOptions encoder;

  // Names and bounds of all of the above; the list points into this object.
  OptionList list();
};

}  // namespace ctr
