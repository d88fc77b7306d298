// What the parts say.
const en = {
  status: { awaiting_upload: "Awaiting upload", pending: "Waiting", processing: "Processing", completed: "Completed", failed: "Failed", cancelled: "Cancelled" },
  tryAgain: "Try again",
  close: "Close",
  keep: "Keep it",
  doNot: "Leave it",
  unreachable: "The server does not answer. This page goes on asking.",
  progress: (percent) => `${percent} percent`,
};
const pt = {
  status: { awaiting_upload: "Aguardando envio", pending: "Na fila", processing: "Processando", completed: "Concluído", failed: "Falhou", cancelled: "Cancelado" },
  tryAgain: "Tentar de novo",
  close: "Fechar",
  keep: "Manter",
  doNot: "Deixar como está",
  unreachable: "O servidor não responde. Esta página continua tentando.",
  progress: (percent) => `${percent} por cento`,
};
export const words = { en, pt };
