import './base.css';
import './messages.css';
import './card.css';
import './tree.css';
import './dialogs.css';
import './files.css';
import './motion.css';
