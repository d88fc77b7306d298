// What the parts say.
const en = {
  status: { awaiting_upload: "Awaiting upload", pending: "Waiting", processing: "Processing", completed: "Completed", failed: "Failed", cancelled: "Cancelled" },
  tryAgain: "Try again",
  keep: "Keep it",
  doNot: "Leave it",
  unreachable: "The server does not answer. Is it running, and is there a connection?",
};
const pt = {
  status: { awaiting_upload: "Aguardando envio", pending: "Na fila", processing: "Processando", completed: "Concluído", failed: "Falhou", cancelled: "Cancelado" },
  tryAgain: "Tentar de novo",
  keep: "Manter",
  doNot: "Deixar como está",
  unreachable: "O servidor não responde. Ele está no ar, e há conexão?",
};
export const words = { en, pt };
